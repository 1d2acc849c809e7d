import PartnerCore

/// What is asked of OwnerRez's API: a path below `/v2/` and a query, percent-encoded as they came. What anybody could
/// read as leading elsewhere is refused.
struct APITarget: Equatable {
    /// `/v2/bookings/7`
    let path: String
    /// Without its question mark; empty when there is none.
    let query: String

    private static let root = "/v2/"
    private static let longest = 4096

    /// - Parameter path: below `/v2/`: `bookings/7`.
    init(below path: String, query: String) throws(FunctionError) {
        guard path.utf8.count <= Self.longest,
            path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isSegment)
        else {
            throw .parameter(
                "path", "segments of letters, digits and percent-encoded signs below /v2/, as in bookings/7")
        }
        guard query.utf8.count <= Self.longest, isQuery(query) else {
            throw .parameter("query", "percent-encoded parameters, as in since_utc=2026-11-26T00%3A00%3A00Z&limit=100")
        }
        self.path = Self.root + path
        self.query = query
    }

    /// - Parameters:
    ///   - path: `/v2/bookings` or `bookings`; with its query, as in the `next` of an answer, where none is given beside it.
    init(path: String, query: String?) throws(FunctionError) {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 1 || query == nil else { throw .parameter("query", "it is in the path already") }
        let below =
            parts[0].hasPrefix(Self.root) ? String(Substring(parts[0].utf8.dropFirst(Self.root.utf8.count))) : parts[0]
        try self.init(below: below, query: query ?? (parts.count == 2 ? parts[1] : ""))
    }

    /// Where the next page of a list is, as OwnerRez has it. It is on the API's own host: no token follows a link elsewhere.
    init?(nextPage link: String, of api: BaseURL) {
        let address =
            link.hasPrefix(api.text + Self.root) ? String(Substring(link.utf8.dropFirst(api.text.utf8.count))) : link
        guard address.hasPrefix(Self.root), let target = try? APITarget(path: address, query: nil) else { return nil }
        self = target
    }

    var text: String { query.isEmpty ? path : "\(path)?\(query)" }
}

/// RFC 3986 section 3.3, without the signs that stand for something else to somebody: `@`, dot segments, be it with
/// parameters (`..;x`), and slashes, backslashes, dots, semicolons, percent signs, question marks, number signs and control
/// characters in disguise, that of bytes that are no UTF-8 too.
private func isSegment(_ segment: Substring) -> Bool {
    let name = String(Substring(segment.utf8.prefix { $0 != UInt8(ascii: ";") }))
    guard !["", ".", ".."].contains(name), percentDecoded(Array(segment.utf8)) != nil else { return false }
    return isEncoded(segment.utf8, plain: "-._~!$&'()*+,;=:", forbidden: "/\\.;%?#@")
}

private func isQuery(_ query: String) -> Bool {
    isEncoded(query[...].utf8, plain: "-._~!$&'()*+,;=:@/?", forbidden: "")
}

/// Whether there are but letters, digits, plain signs, and percent-encoded bytes.
///
/// - Parameter forbidden: what may not be percent-encoded either; with it, no control character may.
private func isEncoded(_ text: Substring.UTF8View, plain: String, forbidden: String) -> Bool {
    var rest = text
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            guard byte.isASCIIAlphanumeric || plain.utf8.contains(byte) else { return false }
            continue
        }
        let digits = rest.prefix(2)
        guard digits.count == 2, digits.allSatisfy({ $0.isASCIIAlphanumeric }),
            let encoded = UInt8(String(Substring(digits)), radix: 16)
        else { return false }
        guard forbidden.isEmpty || (encoded > 0x1f && encoded != 0x7f && !forbidden.utf8.contains(encoded)) else {
            return false
        }
        rest = rest.dropFirst(2)
    }
    return true
}
