import CSystem

extension Response {
    /// The bytes of the answer, head and body in one, so that one write sends them.
    ///
    /// - Parameter withBody: false answers HEAD: the length that GET would have, and no body (RFC 9110 section 9.3.2).
    func httpBytes(withBody: Bool, keepsAlive: Bool, at time: Timestamp) -> [UInt8] {
        guard headers.fields.allSatisfy({ $0.isSendable }) else {
            return FunctionError.internalError.response(requestID: randomID())
                .httpBytes(withBody: withBody, keepsAlive: keepsAlive, at: time)
        }
        var head = "HTTP/1.1 \(status) \(reasonPhrase(status))\r\nDate: \(time.httpDate)\r\n"
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

extension Timestamp {
    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    var httpDate: String {
        var seconds = time_t(epochSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
            Int(parts.tm_mon)]
        let date = "\(Self.padded(parts.tm_mday)) \(month) \(parts.tm_year + 1900)"
        let time = "\(Self.padded(parts.tm_hour)):\(Self.padded(parts.tm_min)):\(Self.padded(parts.tm_sec))"
        return "\(day), \(date) \(time) GMT"
    }
}
