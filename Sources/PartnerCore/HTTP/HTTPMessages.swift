/// A request that we send.
public struct HTTPRequest: Sendable {
    /// What logs call it: method and path without ids and queries.
    let name: String
    let method: String
    let url: String
    var headers: Headers
    let body: [UInt8]
    /// How long the whole call may take, if the invocation's time allows as much.
    let longestMilliseconds: Int
    /// Whether it does no harm to send it twice, which happens when a kept connection turns out dead: nobody knows then
    /// whether the other side has seen it. What may not be repeated goes over a connection of its own.
    let mayBeSentTwice: Bool
    /// Whether the status is all that is asked for: it is the answer then, whatever becomes of the body.
    let statusSuffices: Bool
    /// Whether the server's certificate is part of the answer. It comes with a handshake, so over a connection of its own.
    var wantsCertificate = false

    package init(
        name: String, method: String, url: String, headers: Headers = Headers(), body: [UInt8] = [],
        longestMilliseconds: Int = 10_000, mayBeSentTwice: Bool = true, statusSuffices: Bool = false
    ) {
        self.name = name
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.longestMilliseconds = longestMilliseconds
        self.mayBeSentTwice = mayBeSentTwice
        self.statusSuffices = statusSuffices
    }

    func adding(_ header: String, _ value: String) -> HTTPRequest {
        var request = self
        request.headers.add(header, value)
        return request
    }
}

/// The answer to it.
public struct HTTPResponse: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// `Retry-After` in seconds, from either of its forms (RFC 9110 section 10.2.3); a day at most.
    let retryAfter: Int?
    /// `Date`, by the other side's clock.
    var date: Timestamp? = nil
    /// The server's own, where it was asked for.
    var certificate: Certificate? = nil
}

/// Why there is no answer.
public enum HTTPError: Error, Sendable, Equatable {
    case hostNotFound
    /// No name server answered in time. Nothing was sent.
    case namesNotAnswered
    case couldNotConnect
    /// Nothing is known about whether the request had its effect.
    case timedOut
    /// The connection ended before the whole answer had come.
    case connectionLost
    case notTrusted(TLSProblem)
    case answerTooLarge
    /// libcurl's own error number.
    case failed(Int)

    public enum TLSProblem: Sendable, Equatable {
        case selfSigned, expired, notYetValid, wrongHost, unknownAuthority, protocolVersion, trustStore
        /// OpenSSL's verification result (X509_V_ERR_..), or 0 when the handshake itself failed.
        case other(Int)
    }

    /// For the log.
    public var description: String {
        switch self {
        case .hostNotFound: "the host name was not found"
        case .namesNotAnswered: "no name server answered"
        case .couldNotConnect: "no connection could be made"
        case .timedOut: "no answer came in time"
        case .connectionLost: "the connection was lost"
        case .notTrusted(let problem): "TLS: \(problem.description)"
        case .answerTooLarge: "the answer is too large"
        case .failed(let code): "libcurl error \(code)"
        }
    }
}

extension HTTPError.TLSProblem {
    var description: String {
        switch self {
        case .selfSigned: "the certificate is self-signed"
        case .expired: "the certificate has expired"
        case .notYetValid: "the certificate is not valid yet"
        case .wrongHost: "the certificate is for another host"
        case .unknownAuthority: "the certificate is of an unknown authority"
        case .protocolVersion: "the server's protocol version is older than TLS 1.2"
        case .trustStore: "the trust store cannot be read"
        case .other(let result): "the handshake failed (verification result \(result))"
        }
    }
}
