/// Signature Version 4 (AWS General Reference, "Create a signed AWS API request") of what we send: POST, without a query.
///
/// By ourselves, because libcurl's (`CURLOPT_AWS_SIGV4`, 7.88) takes the machine's clock, and sends a time that is handed
/// to it twice.
struct AWSSignature {
    let region: String
    /// As the credential scope has it: `dynamodb`.
    let service: String
    let keys: AWSKeys

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// The headers with those that prove who sends them. All are signed, so that nothing may be added afterwards but
    /// what the connection itself needs.
    ///
    /// - Parameters:
    ///   - host: as the `Host` header has it.
    ///   - path: as it is sent, from the slash on.
    func sign(_ headers: Headers, host: String, path: String, body: [UInt8], at time: Timestamp) -> Headers {
        var signed = headers
        signed.add("Host", host)
        signed.add("X-Amz-Date", time.compact)
        if let token = keys.sessionToken { signed.add("X-Amz-Security-Token", token.reveal()) }
        let fields = signed.fields.map { (name: $0.name.lowercased(), value: $0.value) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let names = fields.map { $0.name }.joined(separator: ";")
        let lines = fields.map { "\($0.name):\($0.value)\n" }.joined()
        let request = "POST\n\(path)\n\n\(lines)\n\(names)\n\(hexadecimal(sha256(body)))"
        let scope = "\(time.compact.prefix(8))/\(region)/\(service)/aws4_request"
        let text = "\(Self.algorithm)\n\(time.compact)\n\(scope)\n\(hexadecimal(sha256(Array(request.utf8))))"
        let signature = hexadecimal(hmacSHA256(Array(text.utf8), key: key(day: String(time.compact.prefix(8)))))
        signed.add(
            "Authorization",
            "\(Self.algorithm) Credential=\(keys.accessKeyID.reveal())/\(scope), SignedHeaders=\(names), "
                + "Signature=\(signature)")
        return signed
    }

    private func key(day: String) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array("AWS4\(keys.secretAccessKey.reveal())".utf8)) { key, part in
            hmacSHA256(Array(part.utf8), key: key)
        }
    }
}

extension Timestamp {
    /// ISO 8601's basic form: `20260425T101530Z`.
    fileprivate var compact: String {
        let text = rfc3339.utf8.prefix(19).filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
        return String(decoding: text, as: UTF8.self) + "Z"
    }
}
