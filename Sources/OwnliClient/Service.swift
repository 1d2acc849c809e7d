import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A JSON API at an address: what is the same for Ownli's and for your own.
struct Service: Sendable {
    /// Without a slash at its end.
    private let base: String
    private let transport: any Transport

    struct Answer: Sendable {
        let status: Int
        let body: Data
    }

    init(_ url: URL, _ transport: any Transport) throws(OwnliClientError) {
        guard let parts = URLComponents(url: url, resolvingAgainstBaseURL: true), let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
            parts.scheme == "https" || (parts.scheme == "http" && Self.isLoopback(host)), let text = parts.string
        else { throw .baseURLNotAllowed }
        base = String(text.reversed().drop { $0 == "/" }.reversed())
        self.transport = transport
    }

    func request(_ request: OwnliRequest) throws(OwnliClientError) -> URLRequest {
        // The slash ends the host: no path can lead to another.
        guard request.path.hasPrefix("/"), var parts = URLComponents(string: base + request.path),
            parts.query == nil, parts.fragment == nil
        else { throw .requestCannotBeSent }
        if !request.query.isEmpty {
            parts.percentEncodedQuery = try request.query.map { item throws(OwnliClientError) in
                try percentEncoded(item.name) + "=" + percentEncoded(item.value ?? "")
            }.joined(separator: "&")
        }
        guard let url = parts.url else { throw .requestCannotBeSent }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method
        sent.setValue("application/json", forHTTPHeaderField: "Accept")
        if let json = request.json {
            sent.setValue("application/json", forHTTPHeaderField: "Content-Type")
            sent.httpBody = json
        }
        return sent
    }

    func send(_ request: URLRequest) async throws -> Answer {
        do {
            let (body, response) = try await transport.send(request)
            return Answer(status: response.statusCode, body: body)
        } catch let error as URLError {
            // URLSession has an error of its own for what was cancelled.
            try Task.checkCancellation()
            throw OwnliClientError.unreachable(error.code)
        }
    }

    /// By address, or as `localhost`; a name like `127.0.0.1.example.com` is none.
    private static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1" || host == "[::1]"
            || (numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil))
    }
}

extension Service.Answer {
    private struct ErrorBody: Decodable {
        let code: String?
        let message: String?
        let requestID: String?

        enum CodingKeys: String, CodingKey {
            case code = "error_code"
            case message = "error_message"
            case requestID = "request_id"
        }
    }

    /// Ownli's 401 has no body, and what is between may answer in HTML: what is not there is nil.
    var refusal: OwnliClientError.Refusal {
        let body = try? JSONDecoder().decode(ErrorBody.self, from: body)
        return OwnliClientError.Refusal(
            status: status, code: body?.code, message: body?.message, requestID: body?.requestID)
    }

    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(OwnliClientError) -> Value {
        guard let value = try? JSONDecoder().decode(type, from: body) else {
            throw .answerNotUnderstood(status: status)
        }
        return value
    }
}

/// RFC 3986 section 2.3: all but the unreserved characters. The plus of a phone number is a space to some.
func percentEncoded(_ text: String) throws(OwnliClientError) -> String {
    let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    guard let encoded = text.addingPercentEncoding(withAllowedCharacters: unreserved) else {
        throw .requestCannotBeSent
    }
    return encoded
}

/// One segment of a path: dots alone would lead to another endpoint.
func pathSegment(_ text: String) throws(OwnliClientError) -> String {
    guard !["", ".", ".."].contains(text) else { throw .requestCannotBeSent }
    return try percentEncoded(text)
}
