/// What an erasure needs once the records are gone that told of it.
///
///     erasure#HASH   job    startedAt, ownliUserIds (a JSON array), accounts (likewise: OwnerRez's); once it is done, for a
///                           day more: who runs it again then finds what came late
///     erasure#HASH   done   doneAt, counts (a JSON object: {"events":12}): of all runs that came to an end
struct ErasureJob {
    let startedAt: Timestamp
    private(set) var ownliUserIDs: [String] = []
    private(set) var accounts: [Int] = []
    /// Whether it was begun and is not done.
    private(set) var isUnderWay = false
    private var isKept = false

    private let key: RecordKey
    private let doneKey: RecordKey
    private let store: RecordStore

    private static let schema = RecordSchema(kind: "an erasure's", newest: 1)
    private static let lateSeconds = 86_400

    /// As it is kept, or a new one.
    init(
        of subject: ErasedSubject, in store: RecordStore, at now: Timestamp, _ invocation: Invocation
    ) throws(StoreError) {
        key = RecordKey(partition: subject.erasure, sort: "job")
        doneKey = RecordKey(partition: subject.erasure, sort: "done")
        self.store = store
        let record = try store.get(key, in: invocation)
        startedAt = try record?.time("startedAt") ?? now
        if let record { try take(record) }
    }

    /// Adds what leads to more of theirs, before anything is removed that tells of it.
    ///
    /// - Returns: whether anything of it was new.
    @discardableResult
    mutating func learn(
        _ ownliUserIDs: [String] = [], accounts: [Int] = [], by removal: Removal, in invocation: Invocation
    ) throws(StoreError) -> Bool {
        let isNew = add(ownliUserIDs, accounts)
        let hasAny = !self.ownliUserIDs.isEmpty || !self.accounts.isEmpty
        guard !removal.isDryRun, isNew || (hasAny && !isKept) else { return isNew }
        while true {
            let standing = try store.get(key, in: invocation)
            if let standing { try take(standing) }
            do throws(StoreError) {
                try store.put(
                    key, attributes, if: standing.map { .ifRevision($0.revision) } ?? .ifAbsent, in: invocation)
                (isKept, isUnderWay) = (true, true)
                return isNew
            } catch {
                // Another run of it.
                guard error == .conditionFailed else { throw error }
            }
        }
    }

    /// Ends it, and keeps for how long as is asked for that it was done.
    ///
    /// - Returns: until when what leads to them is kept; nil when nothing does.
    func finish(
        _ counts: ErasureCounts, at now: Timestamp, keptFor retention: Retention, in invocation: Invocation
    ) throws(StoreError) -> Timestamp? {
        while true {
            let (job, done) = (try store.get(key, in: invocation), try store.get(doneKey, in: invocation))
            var total = counts
            if let done { total.add(try ErasureCounts(done)) }
            var writes: [Write] = [
                .put(
                    doneKey, ["doneAt": now.attribute, "counts": total.text], expires: retention.end(from: now),
                    if: done.map { .ifRevision($0.revision) } ?? .ifAbsent)
            ]
            // Who runs it again and again does not keep it for longer.
            let end = job.map { $0.expires ?? now.adding(seconds: Self.lateSeconds) }
            if let job {
                writes.append(.put(key, job.attributes, expires: end, if: .ifRevision(job.revision)))
            }
            do throws(StoreError) {
                try store.transact(writes, in: invocation)
                return end
            } catch {
                guard error == .conditionFailed else { throw error }
            }
        }
    }

    private mutating func add(_ ownliUserIDs: [String], _ accounts: [Int]) -> Bool {
        let (users, ids) = (self.ownliUserIDs.count, self.accounts.count)
        for id in ownliUserIDs where !self.ownliUserIDs.contains(id) { self.ownliUserIDs.append(id) }
        for id in accounts where !self.accounts.contains(id) { self.accounts.append(id) }
        return self.ownliUserIDs.count > users || self.accounts.count > ids
    }

    private mutating func take(_ record: Record) throws(StoreError) {
        _ = try Self.schema.version(of: record)
        let (ownliUserIDs, ids) = (try record.text("ownliUserIds"), try record.text("accounts"))
        let users = (try? JSON.parse(Array(ownliUserIDs.utf8)))?.array?.compactMap { $0.string }
        let accounts = (try? JSON.parse(Array(ids.utf8)))?.array?.compactMap { $0.integer }
        guard let users, let accounts else { throw .unreadable(reason: "an erasure's record is not understood") }
        _ = add(users, accounts)
        (isKept, isUnderWay) = (true, record.expires == nil)
    }

    private var attributes: [String: String] {
        let users = JSON.array(ownliUserIDs.map { .string($0) })
        let ids = JSON.array(accounts.map { .integer($0) })
        return [
            "startedAt": startedAt.attribute, "ownliUserIds": String(decoding: users.text, as: UTF8.self),
            "accounts": String(decoding: ids.text, as: UTF8.self),
        ]
    }
}
