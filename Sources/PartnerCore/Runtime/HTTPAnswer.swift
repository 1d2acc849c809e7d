extension Response {
    /// The bytes of the answer, head and body in one, so that one write sends them.
    ///
    /// - Parameter withBody: false answers HEAD: the length that GET would have, and no body (RFC 9110 section 9.3.2).
    func httpBytes(withBody: Bool, keepsAlive: Bool) -> [UInt8] {
        guard headers.fields.allSatisfy({ $0.isSendable }) else {
            return FunctionError.internalError.response(requestID: newRequestID())
                .httpBytes(withBody: withBody, keepsAlive: keepsAlive)
        }
        var head = "HTTP/1.1 \(status) \(reasonPhrase(status))\r\n"
        for field in headers.fields { head += "\(field.name): \(field.value)\r\n" }
        // 204 and 304 have no body and say nothing of a length (RFC 9110 section 8.6).
        let hasBody = status != 204 && status != 304
        if hasBody { head += "Content-Length: \(body.count)\r\n" }
        // Said outright either way: 1.0 and 1.1 differ in what silence means.
        head += keepsAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n"
        return Array(head.utf8) + (hasBody && withBody ? body : [])
    }
}

extension Headers.Field {
    /// A line break in a value would start a field, or an answer, of somebody else's making.
    fileprivate var isSendable: Bool { HTTPSyntax.isToken(name.utf8) && HTTPSyntax.isFieldValue(value.utf8) }
}

/// For people who read a trace: clients go by the number (RFC 9110 section 15.1).
private func reasonPhrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
}
