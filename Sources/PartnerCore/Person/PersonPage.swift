/// A part of what is kept about a person. The first one has all but the rest of the rewards and events.
public struct PersonPage: Sendable {
    /// Which form all of it has, as person-export.schema.json describes it.
    static let schema = "partner-functions/person-export/1"

    private let subject: String
    private let exportedAt: Timestamp
    /// On the first page; empty on others.
    var beginning: [JSON.Member] = []
    var rewards: [JSON] = []
    var events: [JSON] = []
    /// Where the next one begins; nil after the last one.
    public internal(set) var next: ExportPosition?

    init(of subject: String, at now: Timestamp) {
        self.subject = subject
        exportedAt = now
    }

    /// Of the document, all before the rewards.
    var head: [JSON.Member] {
        [
            JSON.Member("schema", .string(Self.schema)), JSON.Member("exportedAt", .string(exportedAt.rfc3339)),
            JSON.Member("subject", .string(subject)),
        ] + beginning
    }

    /// As a document of its own.
    ///
    /// - Parameter next: where the next page is had; nil after the last one.
    public func json(next: String?) -> JSON {
        .object(
            head + [
                JSON.Member("rewards", .array(rewards)), JSON.Member("events", .array(events)),
                JSON.Member("next", next.map { .string($0) } ?? .null),
            ])
    }
}
