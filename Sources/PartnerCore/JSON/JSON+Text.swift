extension JSON {
    /// The value as compact UTF-8 JSON text.
    public var text: [UInt8] {
        var text = TextBuffer()
        write(to: &text)
        return text.bytes
    }

    func write(to text: inout TextBuffer) {
        switch self {
        case .null: text.append("null")
        case .bool(let value): text.append(value ? "true" : "false")
        case .integer(let value): text.append(value)
        case .number(let value): text.append(value.text)
        case .string(let value): text.quote(value)
        case .unpaired(let value): quote(unpaired: value, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                member.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }
}

extension JSON.Member {
    func write(to text: inout TextBuffer) {
        if isNameUnpaired { quote(unpaired: name, to: &text) } else { text.quote(name) }
        text.append(UInt8(ascii: ":"))
        value.write(to: &text)
    }
}

private func quote(unpaired string: String, to text: inout TextBuffer) {
    text.append("\"\(string)\"")
}

/// Control characters are escaped too, so that a line of the log stays one line.
func appendEscaped(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout TextBuffer) {
    guard var position = bytes.baseAddress else { return }
    let end = position + bytes.count
    var isASCII = true
    while true {
        let count = plainCount(position, upTo: end, &isASCII)
        text.append(UnsafeBufferPointer(start: position, count: count))
        position += count
        guard position < end else { return }
        text.append(UInt8(ascii: "\\"))
        switch position.pointee {
        case 0x08: text.append(UInt8(ascii: "b"))
        case 0x09: text.append(UInt8(ascii: "t"))
        case 0x0a: text.append(UInt8(ascii: "n"))
        case 0x0c: text.append(UInt8(ascii: "f"))
        case 0x0d: text.append(UInt8(ascii: "r"))
        case let byte where byte < 0x20:
            text.append("u00")
            text.append(hexadecimalDigit(byte >> 4))
            text.append(hexadecimalDigit(byte & 0xf))
        case let byte: text.append(byte)
        }
        position += 1
    }
}
