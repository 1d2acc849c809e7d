import PartnerCore

/// Who did what with the tool: kept before the first change, and completed after the last.
///
///     admin-audit#DAY   ARRIVAL   at, by, command, requestId, subjectHash, state (begun, done, failed), counts
///
/// Of a person there is a keyed hash, so that erasing somebody leaves nothing of them here.
struct OperatorTrail: Sendable {
    private let store: RecordStore
    private let hash: IdentifierHash

    init(_ store: RecordStore, _ hash: IdentifierHash) {
        self.store = store
        self.hash = hash
    }

    /// What a run has done so far: `unlinked: 1`.
    final class Counts: Sendable {
        private let counts = Lock<[(name: String, count: Int)]>([])

        func add(_ name: String, _ count: Int = 1) {
            counts.withLock { counts in
                if let index = counts.firstIndex(where: { $0.name == name }) {
                    counts[index].count += count
                } else {
                    counts.append((name, count))
                }
            }
        }

        var json: JSON { .object(counts.withLock { $0.map { JSON.Member($0.name, .integer($0.count)) } }) }
    }

    /// Does work that changes something. A run that is killed leaves a record that says `begun`.
    func record(
        _ session: Session, of subject: String? = nil,
        _ work: (Counts) throws(AdminError) -> Void
    ) throws(AdminError) {
        let counts = Counts()
        guard !session.isDryRun else { return try work(counts) }
        let now = Timestamp.now()
        let key = RecordKey(partition: Self.partition(ofDay: now.day), sort: "\(now.rfc3339)#\(randomID())")
        var attributes = [
            "at": "\(now.epochMilliseconds)", "by": session.user,
            "command": session.command.name.joined(separator: " "),
            "requestId": session.requestID, "state": "begun",
        ]
        attributes["subjectHash"] = subject.map { hash.hash([$0], for: "audit") }
        func keep(_ state: String) throws(AdminError) {
            attributes["state"] = state
            attributes["counts"] = String(decoding: counts.json.text, as: UTF8.self)
            try keeping { () throws(StoreError) in try store.put(key, attributes, in: session.invocation()) }
        }
        try keep("begun")
        do throws(AdminError) { try work(counts) } catch {
            try? keep("failed")
            throw error
        }
        try keep("done")
    }

    static func partition(ofDay day: String) -> String { "admin-audit#\(day)" }
}
