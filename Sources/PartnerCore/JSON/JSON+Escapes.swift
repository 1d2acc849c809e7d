/// The value of a string's text, which is valid.
func unescaped(_ raw: UnsafeBufferPointer<UInt8>, isPaired: Bool) -> JSON {
    // No escape is shorter than what it stands for.
    guard !isPaired else {
        return .string(String(unsafeUninitializedCapacity: raw.count) { unescape(raw, into: $0) })
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: raw.count) { buffer, count in count = unescape(raw, into: buffer) }
    return .unpaired(escapingUnpaired(bytes))
}

/// Half a pair comes out as three bytes, as if it were a character of its own.
///
/// - Returns: how many bytes came out.
private func unescape(_ raw: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Int {
    guard let start = raw.baseAddress else { return 0 }
    var count = 0
    var index = 0
    func put(_ byte: UInt32) {
        output[count] = UInt8(truncatingIfNeeded: byte)
        count += 1
    }
    while index < raw.count {
        guard raw[index] == UInt8(ascii: "\\") else {
            output[count] = raw[index]
            count += 1
            index += 1
            continue
        }
        let letter = raw[index + 1]
        index += 2
        guard letter == UInt8(ascii: "u") else {
            output[count] = simpleEscape(letter)
            count += 1
            continue
        }
        var code = UInt32(hexadecimal(start + index) ?? 0)
        index += 4
        if 0xd800..<0xdc00 ~= code, index + 6 <= raw.count, raw[index] == UInt8(ascii: "\\"),
            raw[index + 1] == UInt8(ascii: "u"), let trail = hexadecimal(start + index + 2),
            UTF16.isTrailSurrogate(trail)
        {
            code = 0x10000 + (code - 0xd800) << 10 + (UInt32(trail) - 0xdc00)
            index += 6
        }
        switch code {
        case ..<0x80: put(code)
        case ..<0x800:
            put(0xc0 | code >> 6)
            put(0x80 | code & 0x3f)
        case ..<0x10000:
            put(0xe0 | code >> 12)
            put(0x80 | code >> 6 & 0x3f)
            put(0x80 | code & 0x3f)
        default:
            put(0xf0 | code >> 18)
            put(0x80 | code >> 12 & 0x3f)
            put(0x80 | code >> 6 & 0x3f)
            put(0x80 | code & 0x3f)
        }
    }
    return count
}

private func simpleEscape(_ letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    default: letter
    }
}

/// One spelling for every value, so that the spelling can be compared.
private func escapingUnpaired(_ bytes: [UInt8]) -> String {
    var text = TextBuffer()
    bytes.withUnsafeBufferPointer { bytes in
        var from = 0
        var index = 0
        while index < bytes.count {
            // In UTF-8 what follows ED is below A0.
            guard bytes[index] == 0xed, bytes[index + 1] >= 0xa0 else {
                index += 1
                continue
            }
            appendEscaped(UnsafeBufferPointer(rebasing: bytes[from..<index]), to: &text)
            let half = UInt16(bytes[index + 1] & 0x3f) << 6 | UInt16(bytes[index + 2] & 0x3f)
            text.append("\\uD")
            for shift in [8, 4, 0] { text.append(hexadecimalDigit(UInt8(half >> shift & 0xf))) }
            index += 3
            from = index
        }
        appendEscaped(UnsafeBufferPointer(rebasing: bytes[from...]), to: &text)
    }
    return String(decoding: text.bytes, as: UTF8.self)
}

/// Four digits.
func hexadecimal(_ digits: UnsafePointer<UInt8>) -> UInt16? {
    var value: UInt16 = 0
    for index in 0..<4 {
        let digit: UInt8
        switch digits[index] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = digits[index] - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = digits[index] - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = digits[index] - UInt8(ascii: "A") + 10
        default: return nil
        }
        value = value << 4 | UInt16(digit)
    }
    return value
}

/// Of a number below 16.
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "A") - 10)
}
