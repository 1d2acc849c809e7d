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
        // 204 and 304 have no body and say nothing of a length (RFC 9110 section 8.6).
        let hasBody = status != 204 && status != 304
        let isSent = hasBody && withBody
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + (isSent ? body.count : 0))
        func add(_ text: String) { bytes.append(contentsOf: text.utf8) }
        add("HTTP/1.1 ")
        add("\(status)")
        add(" ")
        add(reasonPhrase(status))
        add("\r\nDate: ")
        time.writeHTTPDate(to: &bytes)
        for field in headers.fields {
            add("\r\n")
            add(field.name)
            add(": ")
            add(field.value)
        }
        if hasBody {
            add("\r\nContent-Length: ")
            add("\(body.count)")
        }
        // Said outright either way: 1.0 and 1.1 differ in what silence means.
        add(keepsAlive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n")
        if isSent { bytes.append(contentsOf: body) }
        return bytes
    }
}

extension Headers.Field {
    /// A line break in a value would start a field, or an answer, of somebody else's making.
    fileprivate var isSendable: Bool { HTTPSyntax.isToken(name.utf8) && HTTPSyntax.isFieldValue(value.utf8) }
}

extension Timestamp {
    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    fileprivate func writeHTTPDate(to bytes: inout [UInt8]) {
        var seconds = time_t(epochSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func add(_ names: StaticString, _ index: Int32) {
            bytes.append(contentsOf: UnsafeBufferPointer(start: names.utf8Start + Int(index) * 3, count: 3))
        }
        add("SunMonTueWedThuFriSat", parts.tm_wday)
        bytes.append(UInt8(ascii: ","))
        bytes.append(UInt8(ascii: " "))
        bytes.append(parts.tm_mday, digits: 2, then: " ")
        add("JanFebMarAprMayJunJulAugSepOctNovDec", parts.tm_mon)
        bytes.append(UInt8(ascii: " "))
        bytes.append(parts.tm_year + 1900, digits: 4, then: " ")
        bytes.append(parts.tm_hour, digits: 2, then: ":")
        bytes.append(parts.tm_min, digits: 2, then: ":")
        bytes.append(parts.tm_sec, digits: 2, then: " ")
        bytes.append(contentsOf: "GMT".utf8)
    }
}
