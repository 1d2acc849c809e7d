/// Why the server does not hand a request on. Each is answered, and then the connection is closed: where one request
/// was not understood, nobody knows where the next one starts.
enum HTTPRefusal: Error, Equatable {
    case requestLineMalformed
    case targetIsNoPath
    case versionUnsupported
    case headerFieldMalformed
    case lineBreakMalformed
    case hostMissingOrRepeated
    case lengthAmbiguous
    case lengthMalformed
    case transferEncodingUnknown
    case chunkMalformed
    case expectationUnknown
    case headerTooLarge
    case bodyTooLarge
    case bodyIncomplete
    case headerTooSlow
    case bodyTooSlow
    case tooManyConnections
    case tooManyBodies

    var error: FunctionError {
        switch self {
        case .requestLineMalformed: .malformed("The request line is malformed")
        case .targetIsNoPath: .malformed("The request target must be a path that starts with a slash")
        case .versionUnsupported:
            FunctionError(505, "HTTP_VERSION_NOT_SUPPORTED", "HTTP/1.1 and HTTP/1.0 are spoken here, not HTTP/2 (h2c)")
        case .headerFieldMalformed: .malformed("A header field is malformed")
        case .lineBreakMalformed: .malformed("Lines must end with CR LF, and hold neither alone")
        case .hostMissingOrRepeated: .malformed("Exactly one valid Host field is required")
        case .lengthAmbiguous: .malformed("The body's length is given in more than one way")
        case .lengthMalformed: .malformed("Content-Length is no number of bytes")
        case .transferEncodingUnknown:
            FunctionError(501, "TRANSFER_ENCODING_UNKNOWN", "The only transfer encoding known here is chunked")
        case .chunkMalformed: .malformed("The chunked body is malformed")
        case .expectationUnknown:
            FunctionError(417, "EXPECTATION_FAILED", "The only expectation met here is 100-continue")
        case .headerTooLarge: FunctionError(431, "HEADER_TOO_LARGE", "The header is too large")
        case .bodyTooLarge: FunctionError(413, "BODY_TOO_LARGE", "The body is too large")
        case .bodyIncomplete: FunctionError(400, "BODY_INCOMPLETE", "The body did not come to its end")
        case .headerTooSlow: FunctionError(408, "REQUEST_TIMEOUT", "The header took too long to arrive")
        case .bodyTooSlow: FunctionError(408, "REQUEST_TIMEOUT", "The body took too long to arrive")
        case .tooManyConnections:
            FunctionError(503, "TOO_MANY_CONNECTIONS", "Too many connections are open; try again", retryAfter: 1)
        case .tooManyBodies:
            FunctionError(503, "TOO_MANY_BODIES", "Too much is being sent at the same time; try again", retryAfter: 1)
        }
    }
}

extension FunctionError {
    fileprivate static func malformed(_ message: String) -> FunctionError {
        FunctionError(400, "MALFORMED_REQUEST", message)
    }
}
