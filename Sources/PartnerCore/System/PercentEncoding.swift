import CCurl

/// Everything but RFC 3986's unreserved characters percent-encoded: a parameter's name or value, or one path segment.
func percentEncoded(_ text: String) -> String {
    guard let encoded = curl_easy_escape(nil, text, Int32(text.utf8.count)) else { return "" }
    defer { curl_free(encoded) }
    return String(cString: encoded)
}

/// Nil when a percent sign is not followed by two hexadecimal digits, or when what comes out is not UTF-8 or holds NUL.
package func percentDecoded(_ text: [UInt8]) -> String? {
    // curl leaves broken percent-encoding as it is.
    for (index, byte) in text.enumerated() where byte == UInt8(ascii: "%") {
        guard text[(index + 1)...].prefix(2).filter(isHexadecimal).count == 2 else { return nil }
    }
    guard !text.isEmpty else { return "" }  // to curl a length of 0 means: up to the NUL
    var length: Int32 = 0
    let decoded = text.withUnsafeBytes { bytes in
        curl_easy_unescape(nil, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), &length)
    }
    guard let decoded else { return nil }
    defer { curl_free(decoded) }
    let bytes = UnsafeRawBufferPointer(start: decoded, count: Int(length))
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        true
    default: false
    }
}
