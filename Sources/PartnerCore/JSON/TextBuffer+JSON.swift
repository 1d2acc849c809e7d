/// JSON as it is written from its beginning to its end, for what each invocation writes: a `JSON` that is made only to be
/// written takes several times as long.
extension TextBuffer {
    /// A member's name; its value comes next.
    mutating func member(_ name: String) {
        element()
        quote(name)
        append(UInt8(ascii: ":"))
    }

    mutating func member(_ name: String, _ value: String) {
        member(name)
        quote(value)
    }

    mutating func member(_ name: String, _ value: Int) {
        member(name)
        append(value)
    }

    mutating func member(_ name: String, milliseconds microseconds: Int) {
        member(name)
        append(milliseconds: microseconds)
    }

    mutating func member(_ member: JSON.Member) {
        element()
        member.write(to: &self)
    }

    /// A value of an array comes next: behind a comma, unless it is the first one. (No value ends like that.)
    mutating func element() {
        switch last {
        case UInt8(ascii: "{"), UInt8(ascii: "["): break
        default: append(UInt8(ascii: ","))
        }
    }

    mutating func quote(_ string: String) {
        var string = string
        append(UInt8(ascii: "\""))
        string.withUTF8 { appendEscaped($0, to: &self) }
        append(UInt8(ascii: "\""))
    }

    /// `8.125`, `12.5`, `9`
    mutating func append(milliseconds microseconds: Int) {
        append(microseconds / 1000)
        var fraction = microseconds % 1000
        guard fraction > 0 else { return }
        append(UInt8(ascii: "."))
        var place = 100
        while fraction > 0 {
            append(UInt8(ascii: "0") + UInt8(fraction / place))
            fraction %= place
            place /= 10
        }
    }
}
