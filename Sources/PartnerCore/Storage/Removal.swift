/// Removes records as they were read, or only says what it would remove. What somebody else has changed meanwhile stays.
struct Removal: Sendable {
    let store: RecordStore
    let isDryRun: Bool

    /// Of writes that a transaction takes.
    static let batch = 100

    /// - Returns: how many are gone.
    func remove(_ records: [Record], in work: LongWork) throws(StoreError) -> Int {
        guard !isDryRun else { return records.count }
        var removed = 0
        for start in stride(from: 0, to: records.count, by: Self.batch) {
            let batch = records[start..<min(start + Self.batch, records.count)]
            if try transact(batch.map { $0.deletion }, in: work.step()) {
                removed += batch.count
                continue
            }
            for record in batch {
                if try transact([record.deletion], in: work.step()) { removed += 1 }
            }
        }
        return removed
    }

    /// - Returns: false when a condition does not hold; then nothing is done.
    func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) -> Bool {
        guard !isDryRun else { return true }
        do throws(StoreError) {
            try store.transact(writes, in: invocation)
            return true
        } catch {
            guard error == .conditionFailed else { throw error }
            return false
        }
    }
}

extension Record {
    /// What cannot be read has no revision to go by.
    fileprivate var deletion: Write {
        .delete(key, if: attributes[Record.unreadable] == nil ? .ifRevision(revision) : .always)
    }
}

/// Until when the last of several records is kept.
enum KeptUntil: Sendable, Equatable {
    /// There is none.
    case nothing
    case end(Timestamp)
    case forGood

    mutating func lengthen(to expires: Timestamp?) {
        guard let expires else {
            self = .forGood
            return
        }
        switch self {
        case .nothing: self = .end(expires)
        case .end(let end): self = .end(max(end, expires))
        case .forGood: break
        }
    }

    mutating func lengthen(to other: KeptUntil) {
        switch other {
        case .nothing: break
        case .end(let end): lengthen(to: end)
        case .forGood: self = .forGood
        }
    }

    var text: String? {
        switch self {
        case .nothing: nil
        case .end(let end): end.rfc3339
        case .forGood: "for good"
        }
    }
}
