import Foundation

/// The pages of an export as one document: the first one, with the rewards and events of all. It is put together as text,
/// for a decoder would not give every number back as it was written.
struct ExportDocument {
    private static let lists = ["rewards", "events"]

    /// The first page's, in their order.
    private var members: [TopLevelMembers.Member] = []
    /// What is between the brackets, by the list's name.
    private var entries: [String: [Data]] = [:]

    /// - Returns: false for what is no page.
    mutating func add(_ page: Data) -> Bool {
        guard let members = TopLevelMembers.read(page) else { return false }
        for name in Self.lists {
            guard let list = members.first(where: { $0.name == name })?.value, list.first == UInt8(ascii: "["),
                list.last == UInt8(ascii: "]")
            else { return false }
            let inner = list.dropFirst().dropLast()
            if inner.contains(where: { !TopLevelMembers.isSpace($0) }) { entries[name, default: []].append(inner) }
        }
        if self.members.isEmpty { self.members = members }
        return true
    }

    var json: Data {
        let all = members.map { member -> Data in
            let value: Data
            if Self.lists.contains(member.name) {
                value =
                    Data("[".utf8) + Data((entries[member.name] ?? []).joined(separator: Data(",".utf8)))
                    + Data("]".utf8)
            } else {
                value = member.name == "next" ? Data("null".utf8) : member.value
            }
            return Data("\"\(member.name)\":".utf8) + value
        }
        return Data("{".utf8) + Data(all.joined(separator: Data(",".utf8))) + Data("}".utf8)
    }
}

/// An object's own members, each value as it is written.
enum TopLevelMembers {
    struct Member {
        /// As it is written, between its quotation marks.
        let name: String
        let value: Data
    }

    static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

    /// Nil for what is no JSON object.
    static func read(_ json: Data) -> [Member]? {
        // What follows goes by that, and looks at strings and brackets alone.
        guard (try? JSONSerialization.jsonObject(with: json)) is [String: Any] else { return nil }
        var members: [Member] = []
        var name: Data?
        var (depth, isString, isEscaped) = (0, false, false)
        var start = json.startIndex
        for (index, byte) in zip(json.indices, json) {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 1 { start = index + 1 }
            case UInt8(ascii: ":") where depth == 1:
                name = trimmed(json[start..<index])
                start = index + 1
            case UInt8(ascii: ",") where depth == 1, UInt8(ascii: "}") where depth == 1:
                if let found = name {
                    let text = String(decoding: found.dropFirst().dropLast(), as: UTF8.self)
                    members.append(Member(name: text, value: trimmed(json[start..<index])))
                }
                name = nil
                start = index + 1
                if byte == UInt8(ascii: "}") { depth = 0 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return members
    }

    private static func trimmed(_ text: Data) -> Data {
        let head = text.drop { isSpace($0) }
        return head.prefix(head.count - head.reversed().prefix { isSpace($0) }.count)
    }
}
