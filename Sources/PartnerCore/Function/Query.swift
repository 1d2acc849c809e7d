import CCurl

/// A query's parameters, decoded (WHATWG URL, application/x-www-form-urlencoded).
public struct QueryItems: Sendable, Equatable {
    let items: [Item]

    struct Item: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The value of a parameter that makes sense once only: which of two would count is what attackers ask.
    public func single(_ name: String) throws(FunctionError) -> String? {
        let values = items.filter { $0.name == name }
        guard values.count <= 1 else { throw .invalid("INVALID_QUERY", "A query parameter was given twice") }
        return values.first?.value
    }
}

extension Request {
    public func queryItems() throws(FunctionError) -> QueryItems {
        var items: [QueryItems.Item] = []
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(pair[0]), let value = percentDecoded(pair.count == 2 ? pair[1] : "") else {
                throw .invalid("INVALID_QUERY", "The query's percent-encoding is broken")
            }
            items.append(QueryItems.Item(name: name, value: value))
        }
        return QueryItems(items: items)
    }
}

/// Nil when a percent sign is not followed by two hexadecimal digits, or when what comes out is not UTF-8 or holds NUL.
private func percentDecoded(_ text: Substring) -> String? {
    let encoded = Array(text.utf8).map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
    for (index, byte) in encoded.enumerated() where byte == UInt8(ascii: "%") {
        guard encoded[(index + 1)...].prefix(2).filter(isHexadecimal).count == 2 else { return nil }
    }
    guard !encoded.isEmpty else { return "" }
    var length: Int32 = 0
    let decoded = encoded.withUnsafeBytes { bytes in
        curl_easy_unescape(nil, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), &length)
    }
    guard let decoded else { return nil }
    defer { curl_free(decoded) }
    let bytes = UnsafeRawBufferPointer(start: decoded, count: Int(length))
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        true
    default: false
    }
}

/// Everything but RFC 3986's unreserved characters percent-encoded.
func percentEncoded(_ text: String) -> String {
    guard let encoded = curl_easy_escape(nil, text, Int32(text.utf8.count)), !text.isEmpty else { return "" }
    defer { curl_free(encoded) }
    return String(cString: encoded)
}
