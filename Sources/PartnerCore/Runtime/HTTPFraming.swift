/// How a message's body is told from what follows it (RFC 9112 section 6).
enum HTTPFraming { case length(Int), chunked }

/// What the fields of a request and of an answer say alike.
extension Headers {
    /// Nil when they say nothing about a body.
    func framing(isVersion11: Bool) throws(HTTPRefusal) -> HTTPFraming? {
        let lengths = all("Content-Length")
        let encodings = all("Transfer-Encoding")
        guard lengths.count + encodings.count > 0 else { return nil }
        guard lengths.count + encodings.count == 1 else { throw .lengthAmbiguous }
        if let length = lengths.first {
            guard let count = HTTPSyntax.decimal(length.utf8) else { throw .lengthMalformed }
            return .length(count)
        }
        // In 1.0 a sender may not mean it: RFC 9112 section 6.1 calls the framing faulty.
        guard isVersion11 else { throw .lengthAmbiguous }
        guard equalIgnoringASCIICase(encodings[0], "chunked") else { throw .transferEncodingUnknown }
        return .chunked
    }

    /// Whether another message may follow on this connection (RFC 9112 section 9.3).
    func keepsAlive(isVersion11: Bool) -> Bool {
        if hasConnectionOption("close") { return false }
        return isVersion11 || hasConnectionOption("keep-alive")
    }

    private func hasConnectionOption(_ option: String) -> Bool {
        all("Connection").contains { field in
            Array(field.utf8).split(separator: UInt8(ascii: ",")).contains { word in
                equalIgnoringASCIICase(String(decoding: HTTPSyntax.trimmed(word), as: UTF8.self), option)
            }
        }
    }
}
