/// A part of the inbox: the events of some accounts, which one process at a time works off. The number of parts is fixed:
/// with another one an account's later events could overtake its earlier ones.
struct InboxShard: Sendable, Equatable {
    static let all = (0..<16).map { InboxShard(number: $0) }

    private let number: Int

    private init(number: Int) { self.number = number }

    /// - Parameter account: nil where an event does not tell.
    init(ofAccount account: Int?) {
        // The upper four bits of Knuth's multiplicative hash: ids that are close, or all even, go to different shards.
        let product = UInt64(bitPattern: Int64(account ?? 0)) &* 0x9E37_79B9_7F4A_7C15
        number = Int(product >> 60)
    }

    private var name: String { String(number, radix: 16) }

    /// Events that may be passed on now, by their arrival.
    var waiting: String { "ownerrez-inbox#\(name)" }
    /// Of which entities something was refused, by the time until when they wait.
    var pauses: String { "ownerrez-inbox-paused#\(name)" }
    /// The events of such an entity, by their arrival.
    func aside(_ entity: String) -> String { "ownerrez-inbox-aside#\(name)#\(entity)" }

    var lease: RecordKey { RecordKey(partition: "ownerrez-inbox-lease", sort: name) }
}

/// That an entity's events wait: a record of the shard's pauses, with nothing but its sort key, `UNTIL-ENTITY`.
struct InboxPause: Sendable {
    let entity: String
    let until: Timestamp
    let key: RecordKey

    init(of entity: String, until: Timestamp, in shard: InboxShard) {
        let digits = "\(until.epochMilliseconds)"
        let padding = String(repeating: "0", count: max(0, 15 - digits.utf8.count))
        self.entity = entity
        self.until = until
        key = RecordKey(partition: shard.pauses, sort: "\(padding)\(digits)-\(entity)")
    }

    /// Nil for what none of us has written.
    init?(_ record: Record) {
        guard let until = Arrival.time(in: record.key.sort),
            let dash = record.key.sort.utf8.firstIndex(of: UInt8(ascii: "-"))
        else { return nil }
        entity = String(record.key.sort[dash...].dropFirst())
        self.until = until
        key = record.key
    }
}
