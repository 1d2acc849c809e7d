/// How many requests OwnerRez is sent in five minutes by all instances together: it counts 300 for one source address,
/// whichever account they are for.
///
/// A process takes leases of a few requests out of the store, for one slot of 15 seconds, so that most calls write
/// nothing. What it does not use of a lease is lost to all, which is the safe side.
public final class RateBudget: Sendable {
    public enum Use: Sendable, CaseIterable {
        /// A request of the company's.
        case call
        /// One of the schedule's, which leaves a quarter to the others.
        case upkeep
    }

    /// What came of asking for a request.
    enum Answer: Equatable {
        case taken
        /// Nothing is to be had before so many milliseconds are over.
        case wait(milliseconds: Int)
    }

    private enum Turn {
        case answer(Answer)
        case fail(StoreError)
        case ask(size: Int)
    }

    static let key = RecordKey(partition: "ownerrez-rate", sort: "budget")
    /// What a call needs of an invocation's time once it may be made.
    private static let reservedMilliseconds = 2_000

    private let store: RecordStore
    /// 0: nothing is counted.
    private let limit: Int
    private let clock: @Sendable () -> Moment
    let leases = Lock(RateLeases())
    private let time = Lock(RateClock())

    public init(_ store: RecordStore, limit: Int, clock: @escaping @Sendable () -> Moment = { .now() }) {
        self.store = store
        self.limit = limit
        self.clock = clock
    }

    public convenience init(_ store: RecordStore, reading settings: inout SettingsReader) {
        let limit = settings.value(
            "OWNERREZ_RATE_LIMIT", default: "280", placeholder: 0, expected: "a whole number from 1 to 300, or 0",
            "requests in 5 minutes that all instances together may send to OwnerRez, which takes 300 from one address; "
                + "0: they are not counted"
        ) { text in Int(text).flatMap { (0...300).contains($0) ? $0 : nil } }
        self.init(store, limit: limit)
    }

    private var upkeepLimit: Int { max(1, limit * 3 / 4) }

    /// Takes one request out of the budget, and waits for it where there is none, as long as the invocation's time allows.
    func take(_ use: Use, in invocation: Invocation) throws(APICallError) {
        while true {
            let answer: Answer
            do throws(StoreError) { answer = try ask(use, in: invocation) } catch { throw .failed(error.functionError) }
            guard case .wait(let milliseconds) = answer else { return }
            let spare = invocation.deadline.remainingMilliseconds
                .saturatingSubtracting(milliseconds).saturatingSubtracting(Self.reservedMilliseconds)
            guard spare > 0 else {
                invocation.count("RateBudgetExhausted")
                throw .busy(retryAfter: (milliseconds + 999) / 1000)
            }
            invocation.count("RateBudgetWaits")
            // Not all who wait ask at once then.
            sleep(milliseconds: milliseconds + randomRevision() % min(250, spare))
        }
    }

    /// Asks once. If several threads have nothing left, one asks the store, and the others wait for that.
    func ask(_ use: Use, in invocation: Invocation) throws(StoreError) -> Answer {
        var askedBefore: Int?
        let turn = leases.wait(until: invocation.deadline) { leases -> Turn? in
            let now = clock()
            if let answer = leases.answer(use, at: now) { return .answer(answer) }
            guard limit > 0 else { return .answer(.taken) }
            if let before = askedBefore, leases.asked > before, let failure = leases.failure { return .fail(failure) }
            guard !leases.isAsking else {
                askedBefore = askedBefore ?? leases.asked
                return nil
            }
            leases.beginAsking()
            return .ask(size: leases.nextSize(at: now))
        }
        switch turn {
        case .answer(let answer): return answer
        case .fail(let failure): throw failure
        case nil: throw .timedOut
        case .ask(let size):
            defer { leases.notify() }
            do throws(StoreError) {
                let answer = try lease(of: size, for: use, in: invocation)
                leases.withLock { $0.endAsking(nil) }
                return answer
            } catch {
                leases.withLock { $0.endAsking(error) }
                throw error
            }
        }
    }

    /// After a 429, for all instances: none sends anything until the pause is over. Where the store cannot be told, only
    /// this process pauses.
    ///
    /// - Parameter retryAfter: what OwnerRez asks for, in seconds.
    func pause(retryAfter: Int?, in invocation: Invocation) {
        invocation.count("RateLimited")
        let seconds = min(retryAfter ?? RateRecord.firstPauseSeconds, RateRecord.longestPauseSeconds)
        pauseHere(milliseconds: seconds * 1000)
        guard limit > 0 else { return }
        do throws(StoreError) {
            while true {
                let found = try read(in: invocation)
                var record = found.record
                record.pause(at: found.time, retryAfter: retryAfter)
                guard try write(record, inPlaceOf: found, in: invocation) else { continue }
                return pauseHere(milliseconds: record.pauseLeft(at: found.time))
            }
        } catch {
            invocation.log.write(
                .warn, "only this process pauses its calls to OwnerRez: \(error.reason)",
                requestID: invocation.requestID)
        }
    }

    private func pauseHere(milliseconds: Int) {
        let span = RateLeases.Span(since: clock(), milliseconds: milliseconds)
        leases.withLock { $0.pause(span) }
    }
}

/// The record.
extension RateBudget {
    private struct Found {
        let record: RateRecord
        /// Nil: there is none yet.
        let revision: Int?
        /// Before it was read: what is held ends rather too early than too late.
        let askedAt: Moment
        let time: Timestamp
    }

    /// A lease out of the store, one request of which is taken at once.
    private func lease(
        of size: Int, for use: Use, in invocation: Invocation
    ) throws(StoreError) -> Answer {
        let limit = use == .call ? limit : upkeepLimit
        while true {
            let found = try read(in: invocation)
            var record = found.record
            let pause = record.pauseLeft(at: found.time)
            guard pause <= 0 else {
                pauseHere(milliseconds: pause)
                return .wait(milliseconds: pause)
            }
            let drought = record.time(whenBelow: limit).milliseconds(since: found.time)
            guard drought <= 0 else {
                let span = RateLeases.Span(since: clock(), milliseconds: drought)
                leases.withLock { $0.wait(span, for: use) }
                return .wait(milliseconds: drought)
            }
            let count = min(size, limit - record.spent)
            record.take(count)
            guard try write(record, inPlaceOf: found, in: invocation) else { continue }
            let lease = RateLeases.Lease(
                left: count, size: count, isForUpkeep: record.spent <= upkeepLimit,
                time: RateLeases.Span(
                    since: found.askedAt, milliseconds: record.slotEnds.milliseconds(since: found.time)))
            leases.withLock { $0.hold(lease) }
            return .taken
        }
    }

    /// The record as it is now, where there is one that can be believed.
    private func read(in invocation: Invocation) throws(StoreError) -> Found {
        let askedAt = clock()
        let stored = try store.get(Self.key, in: invocation)
        let record = try stored.map { (stored) throws(StoreError) in try RateRecord(stored) }
        let believed = time.withLock { $0.time(store.time, record?.slotBegan, at: clock().running) }
        let time = believed ?? store.time
        var current = believed == nil ? RateRecord(at: time) : record ?? RateRecord(at: time)
        current.advance(to: time)
        return Found(record: current, revision: stored?.revision, askedAt: askedAt, time: time)
    }

    /// - Returns: false when somebody else was faster.
    private func write(
        _ record: RateRecord, inPlaceOf found: Found, in invocation: Invocation
    ) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try store.put(
                Self.key, record.attributes, expires: record.expires,
                if: found.revision.map { .ifRevision($0) } ?? .ifAbsent, in: invocation)
            return true
        } catch {
            guard error == .conditionFailed else { throw error }
            guard invocation.deadline.remainingMilliseconds > 1000 else { throw .timedOut }
            sleep(milliseconds: randomRevision() % 20)
            return false
        }
    }
}
