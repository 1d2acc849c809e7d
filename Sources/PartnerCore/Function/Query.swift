/// A query's parameters, decoded (WHATWG URL, application/x-www-form-urlencoded).
public struct QueryItems: Sendable, Equatable {
    let items: [Item]

    struct Item: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The value of a parameter that may be given once. Attackers would try which of two counts.
    public func single(_ name: String) throws(FunctionError) -> String? {
        let values = items.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard values.count <= 1 else { throw .invalid("INVALID_QUERY", "A query parameter was given twice") }
        return values.first?.value
    }
}

extension Request {
    public func queryItems() throws(FunctionError) -> QueryItems {
        var items: [QueryItems.Item] = []
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = formDecoded(pair[0]), let value = formDecoded(pair.count == 2 ? pair[1] : "") else {
                throw .invalid("INVALID_QUERY", "The query's percent-encoding is broken")
            }
            items.append(QueryItems.Item(name: name, value: value))
        }
        return QueryItems(items: items)
    }
}

/// In forms a plus sign stands for a space.
private func formDecoded(_ text: Substring) -> String? {
    percentDecoded(text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
}
