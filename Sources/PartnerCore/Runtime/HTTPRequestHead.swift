/// A request line and its header fields (RFC 9112 sections 3 and 5), and what they say about the body and the connection.
struct HTTPRequestHead {
    let method: String
    let path: String
    let query: String
    let isVersion11: Bool
    private(set) var headers = Headers()

    init(requestLine line: ArraySlice<UInt8>) throws(HTTPRefusal) {
        let parts = line.split(separator: HTTPSyntax.space, omittingEmptySubsequences: false)
        guard parts.count == 3, HTTPSyntax.isToken(parts[0]) else { throw .requestLineMalformed }
        let (target, version) = (parts[1], parts[2])
        switch Self.minorVersion(version) {
        case .some(0): isVersion11 = false
        case .some(1): isVersion11 = true
        case .some: throw .versionUnsupported
        case nil: throw .requestLineMalformed
        }
        // No proxy is spoken to here: the absolute, authority and asterisk forms are refused.
        guard target.first == UInt8(ascii: "/") else { throw .targetIsNoPath }
        guard target.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw .requestLineMalformed
        }
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        method = String(decoding: parts[0], as: UTF8.self)
        path = String(decoding: target[..<mark], as: UTF8.self)
        query = String(decoding: target[mark...].dropFirst(), as: UTF8.self)
    }

    /// `HTTP/1.x` as x, any other `HTTP/d.d` as a version of its own kind; nil when it is no version.
    static func minorVersion(_ version: ArraySlice<UInt8>) -> UInt8? {
        let digits = Array(version.dropFirst(5))
        guard version.starts(with: "HTTP/".utf8), digits.count == 3, digits[1] == UInt8(ascii: "."),
            digits[0].isASCIIDigit, digits[2].isASCIIDigit
        else { return nil }
        return digits[0] == UInt8(ascii: "1") ? digits[2] - UInt8(ascii: "0") : .max
    }

    /// Adds a field line. A space before the colon and a folded line are attacks on whoever reads them otherwise.
    mutating func add(fieldLine line: ArraySlice<UInt8>) throws(HTTPRefusal) {
        let (name, value) = try Self.field(line)
        headers.add(name, value)
    }

    static func field(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) -> (name: String, value: String) {
        // Through a slice every byte is looked up several times as slowly.
        guard let field = line.withUnsafeBufferPointer({ field($0) }) else { throw .headerFieldMalformed }
        return field
    }

    private static func field(_ line: UnsafeBufferPointer<UInt8>) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = UnsafeBufferPointer(rebasing: line[..<colon])
        let value = UnsafeBufferPointer(rebasing: HTTPSyntax.trimmed(line[(colon + 1)...]))
        guard HTTPSyntax.isToken(name), HTTPSyntax.isFieldValue(value) else { return nil }
        return (String(copying: name), String(copying: value))
    }

    /// Checks what only the whole header tells, and says how the body comes.
    func framing() throws(HTTPRefusal) -> HTTPFraming {
        try checkHost()
        try checkExpectation()
        return try headers.framing(isVersion11: isVersion11) ?? .length(0)
    }

    private func checkHost() throws(HTTPRefusal) {
        let hosts = headers.all("Host")
        guard hosts.count == 1 || (hosts.isEmpty && !isVersion11) else { throw .hostMissingOrRepeated }
        guard hosts.allSatisfy({ HTTPSyntax.isHost($0.utf8) }) else { throw .hostMissingOrRepeated }
    }

    private func checkExpectation() throws(HTTPRefusal) {
        guard isVersion11 else { return }
        for expectation in headers.all("Expect") where !equalIgnoringASCIICase(expectation, "100-continue") {
            throw .expectationUnknown
        }
    }

    func request(body: [UInt8]) -> Request {
        Request(method: method, path: path, query: query, headers: headers, body: body)
    }

    /// Whether the sender waits for `100 Continue` before it sends the body. (1.0 does not know it.)
    var expectsContinue: Bool { isVersion11 && headers["Expect"] != nil }

    /// Whether another request may follow on this connection.
    var keepsAlive: Bool { headers.keepsAlive(isVersion11: isVersion11) }
}
