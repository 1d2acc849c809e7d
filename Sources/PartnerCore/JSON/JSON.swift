/// A JSON value (RFC 8259). Objects keep the order of their members, and every valid text has a value: what no Swift type
/// holds is kept as it was written, and is nil to whoever asks for a string or an integer.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number that is written as an `Int` is: `-7`.
    case integer(Int)
    /// Any other number.
    case number(Number)
    case string(String)
    /// A string that no UTF-8 can hold, since half of a UTF-16 pair is missing (RFC 8259 section 8.2). The text stands
    /// between the quotes, and every such half is an escape in it: `\uD83D`.
    case unpaired(String)
    case array([JSON])
    case object([Member])

    public struct Member: Sendable {
        /// Of an unpaired name the text, as in `unpaired`.
        public let name: String
        let isNameUnpaired: Bool
        public let value: JSON

        public init(_ name: String, _ value: JSON) {
            self.init(name, isNameUnpaired: false, value)
        }

        init(_ name: String, isNameUnpaired: Bool, _ value: JSON) {
            self.name = name
            self.isNameUnpaired = isNameUnpaired
            self.value = value
        }

        func hasName(of other: Member) -> Bool {
            isNameUnpaired == other.isNameUnpaired && name == other.name
        }
    }
}

extension JSON: Equatable {
    /// Strings are compared by the byte, and numbers as they are written.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)), (.unpaired(let left), .unpaired(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSON.Member: Equatable {
    public static func == (left: JSON.Member, right: JSON.Member) -> Bool {
        left.hasName(of: right) && left.value == right.value
    }
}

extension JSON {
    /// A member's value; nil when there is none, or when this is no object. Names are compared by the byte.
    public subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        // Most names differ in length, which is told without a call.
        let length = name.utf8.count
        for index in members.indices where members[index].name.utf8.count == length {
            if !members[index].isNameUnpaired && members[index].name == name { return members[index].value }
        }
        return nil
    }

    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// Whether this is a string, be it one that UTF-8 holds or not.
    var isText: Bool {
        switch self {
        case .string, .unpaired: true
        default: false
        }
    }

    public var integer: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    public var array: [JSON]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    public var members: [Member]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// This value, but nil for `null`: senders use either for what is not there.
    public var present: JSON? {
        if case .null = self { nil } else { self }
    }

    /// The object with one more member, left out when the value is nil.
    public mutating func add(_ name: String, _ value: JSON?) {
        guard let value, case .object(var members) = self else { return }
        // Nobody shares them any more, so they are not copied.
        self = .null
        members.append(Member(name, value))
        self = .object(members)
    }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    public init(dictionaryLiteral members: (String, JSON)...) { self = .object(members.map { Member($0, $1) }) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
