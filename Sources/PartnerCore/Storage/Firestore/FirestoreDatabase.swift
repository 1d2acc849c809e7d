/// A database of a project: `PROJECT[/DATABASE]`.
struct FirestoreDatabase {
    private let project: String
    private let database: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count <= 2, Self.isName(parts[0], lengths: 6...63, besides: "-.:") else { return nil }
        project = parts[0]
        database = parts.count == 2 ? parts[1] : "(default)"
        guard database == "(default)" || Self.isName(database, lengths: 4...63, besides: "-") else { return nil }
    }

    var path: String { "projects/\(project)/databases/\(database)" }

    /// Small letters, digits and these signs, a letter first. Old projects have their domain in the name
    /// (`example.com:project`).
    private static func isName(_ text: String, lengths: ClosedRange<Int>, besides signs: String) -> Bool {
        guard lengths.contains(text.utf8.count), let first = text.utf8.first, !first.isASCIIDigit else { return false }
        return first.isASCIIAlphanumeric
            && text.utf8.allSatisfy { byte in
                (byte.isASCIIAlphanumeric && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte))
                    || signs.utf8.contains(byte)
            }
    }
}
