extension JSONReader {
    /// A string: `.string`, or `.unpaired`.
    mutating func text() throws(JSONError.Reason) -> JSON {
        position += 1
        let start = position
        var form = Form()
        while true {
            position += plainCount(position, upTo: end, &form.isASCII)
            switch next {
            case UInt8(ascii: "\""):
                let raw = UnsafeBufferPointer(start: start, count: position - start)
                guard form.isASCII || String(validating: raw, as: UTF8.self) != nil else {
                    position = start
                    throw .invalidUTF8
                }
                position += 1
                return form.hasEscapes
                    ? unescaped(raw, isPaired: form.isPaired) : .string(String(copying: raw))
            case UInt8(ascii: "\\"): try escape(&form)
            default: throw .syntax
            }
        }
    }

    private struct Form {
        var isASCII = true
        var hasEscapes = false
        var isPaired = true
    }

    private mutating func escape(_ form: inout Form) throws(JSONError.Reason) {
        form.hasEscapes = true
        position += 1
        switch next {
        case UInt8(ascii: "u"):
            guard let unit = unit() else { throw .syntax }
            guard UTF16.isSurrogate(unit) else { return }
            let behind = position
            guard UTF16.isLeadSurrogate(unit), skip(UInt8(ascii: "\\")), next == UInt8(ascii: "u"),
                let trail = self.unit(),
                UTF16.isTrailSurrogate(trail)
            else {
                // What follows is read for itself.
                position = behind
                form.isPaired = false
                return
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        default: throw .syntax
        }
    }

    /// The `u` of an escape and its four digits.
    private mutating func unit() -> UInt16? {
        position += 1
        guard end - position >= 4, let unit = hexadecimal(position) else { return nil }
        position += 4
        return unit
    }
}

/// How many bytes stand for themselves: before a quote, a backslash or a control character.
func plainCount(_ start: UnsafePointer<UInt8>, upTo end: UnsafePointer<UInt8>, _ isASCII: inout Bool) -> Int {
    let each: UInt64 = 0x0101_0101_0101_0101
    let high = each << 7
    var position = start
    // Eight at once: the lowest of the high bits that come out is true, those above it may be borrowed.
    while end - position >= 8 {
        let word = UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
        let quote = word ^ (each &* 0x22)
        let backslash = word ^ (each &* 0x5c)
        let found =
            ((quote &- each) & ~quote | (backslash &- each) & ~backslash | (word &- each &* 0x20) & ~word) & high
        let count = found.trailingZeroBitCount >> 3
        let before = found == 0 ? high : high & (found &- 1)
        if word & before != 0 { isASCII = false }
        position += count
        if found != 0 { return position - start }
    }
    while position < end {
        let byte = position.pointee
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
        if byte >= 0x80 { isASCII = false }
        position += 1
    }
    return position - start
}
