extension JSONReader {
    mutating func number() throws(JSONError.Reason) -> JSON {
        let start = position
        let isNegative = skip(UInt8(ascii: "-"))
        let isZero = next == UInt8(ascii: "0")
        let whole = position
        if isZero { position += 1 } else { try digits() }
        let digits = position - whole
        var isWhole = !(isZero && isNegative)
        if skip(UInt8(ascii: ".")) {
            isWhole = false
            try self.digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isWhole = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try self.digits()
        }
        // So many digits cannot overflow.
        if isWhole && digits <= 18 {
            var value = 0
            for index in 0..<digits { value = value &* 10 &+ Int(whole[index] &- UInt8(ascii: "0")) }
            return .integer(isNegative ? -value : value)
        }
        let text = String(decoding: UnsafeBufferPointer(start: start, count: position - start), as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        return .number(JSON.Number(text: text))
    }

    private mutating func digits() throws(JSONError.Reason) {
        guard next.isASCIIDigit else { throw .syntax }
        repeat { position += 1 } while next.isASCIIDigit
    }
}
