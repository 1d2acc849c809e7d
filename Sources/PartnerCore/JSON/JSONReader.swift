/// Reads one JSON text (RFC 8259), from its first byte to its last.
struct JSONReader {
    private let start: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    /// Where an error is found, too.
    var position: UnsafePointer<UInt8>
    private let duplicates: JSON.DuplicateNames
    private var depth = 0

    /// Values are read, written and released by recursion; a thread's stack has 1 MiB.
    private static var greatestDepth: Int { 512 }

    init(_ start: UnsafePointer<UInt8>, count: Int, _ duplicates: JSON.DuplicateNames) {
        self.start = start
        end = start + count
        position = start
        self.duplicates = duplicates
    }

    var offset: Int { position - start }

    /// The next byte; at the end NUL, which may stand nowhere.
    var next: UInt8 { position < end ? position.pointee : 0 }

    mutating func read() throws(JSONError.Reason) -> JSON {
        skipSpace()
        let value = try value()
        skipSpace()
        guard position == end else { throw .syntax }
        return value
    }

    private mutating func value() throws(JSONError.Reason) -> JSON {
        switch next {
        case UInt8(ascii: "\""): return try text()
        case UInt8(ascii: "{"): return .object(try members())
        case UInt8(ascii: "["): return .array(try elements())
        case UInt8(ascii: "t"):
            try literal("true")
            return true
        case UInt8(ascii: "f"):
            try literal("false")
            return false
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default: return try number()
        }
    }

    private mutating func members() throws(JSONError.Reason) -> [JSON.Member] {
        try descend()
        var members: [JSON.Member] = []
        if !skip(UInt8(ascii: "}")) {
            members.reserveCapacity(4)
            repeat {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { throw .syntax }
                let name = try text()
                skipSpace()
                guard skip(UInt8(ascii: ":")) else { throw .syntax }
                skipSpace()
                let value = try value()
                switch name {
                case .unpaired(let name): members.append(JSON.Member(name, isNameUnpaired: true, value))
                default: members.append(JSON.Member(name.string ?? "", value))
                }
                skipSpace()
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "}")) else { throw .syntax }
        }
        depth -= 1
        guard hasDuplicates(members) else { return members }
        guard duplicates == .lastWins else { throw .duplicateName }
        return lastOfEach(members)
    }

    private mutating func elements() throws(JSONError.Reason) -> [JSON] {
        try descend()
        var elements: [JSON] = []
        if !skip(UInt8(ascii: "]")) {
            repeat {
                skipSpace()
                elements.append(try value())
                skipSpace()
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "]")) else { throw .syntax }
        }
        depth -= 1
        return elements
    }

    /// Past a bracket and the space behind it.
    private mutating func descend() throws(JSONError.Reason) {
        guard depth < Self.greatestDepth else { throw .nestedTooDeeply }
        depth += 1
        position += 1
        skipSpace()
    }

    private mutating func literal(_ word: StaticString) throws(JSONError.Reason) {
        for index in 0..<word.utf8CodeUnitCount {
            guard skip(word.utf8Start[index]) else { throw .syntax }
        }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < end {
            switch position.pointee {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): position += 1
            default: return
            }
        }
    }
}
