/// Positions in an export as they are handed out: sealed, each for one person, since they name what others' records lie
/// under.
public struct ExportCursor: Sendable {
    private let sealer: TokenSealer

    public init(_ hash: IdentifierHash) { sealer = TokenSealer(sealingWith: hash.key(for: "export")) }

    /// It needs no encoding in a query.
    public func text(_ position: ExportPosition, of subject: String) -> String {
        sealer.seal(Secret(String(decoding: position.json.text, as: UTF8.self)), in: Self.place(subject))
    }

    /// Nil for what nobody has handed out to this person.
    public func position(_ text: String, of subject: String) -> ExportPosition? {
        guard let opened = try? sealer.open(text, in: Self.place(subject)),
            let json = try? JSON.parse(Array(opened.reveal().utf8))
        else { return nil }
        return ExportPosition(json)
    }

    private static func place(_ subject: String) -> RecordKey { RecordKey(partition: "export", sort: subject) }
}
