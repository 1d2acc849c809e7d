/// Where a record is: records of one partition can be listed together, in the order of the sort key's UTF-8 bytes.
public struct RecordKey: Sendable, Equatable {
    public let partition: String
    public let sort: String

    public init(partition: String, sort: String) {
        self.partition = partition
        self.sort = sort
    }
}

public struct Record: Sendable, Equatable {
    public let key: RecordKey
    public let attributes: [String: String]
    /// Another number after every write, also when the record was deleted and made anew in between; it says nothing
    /// else.
    public let revision: Int
    /// From when on the record counts as absent; nil when it stays.
    public let expires: Timestamp?

    /// In a list, a record that is in no form of ours has this attribute alone: all of it as a text. Somebody else has
    /// written it. So one such record does not hide the others of its partition.
    static let unreadable = "unreadable"

    public init(key: RecordKey, attributes: [String: String], revision: Int, expires: Timestamp? = nil) {
        self.key = key
        self.attributes = attributes
        self.revision = revision
        self.expires = expires
    }
}

/// A record that is left as it is, and why: somebody else has written it, a newer build, or nobody knows.
public struct UnreadableRecord: Sendable, Equatable {
    public let key: RecordKey
    /// Holds nothing of the record.
    public let reason: String
}

extension UnreadableRecord {
    init(_ record: Record, _ error: StoreError) {
        key = record.key
        // What it lacks is no news then.
        reason = record.attributes[Record.unreadable] == nil ? error.reason : "it is in no form of ours"
    }
}

/// What has to be true of the record at a key for a write to happen. An expired record is absent.
public enum Condition: Sendable, Equatable {
    case always
    case ifAbsent
    /// The record is there, and nobody wrote it since it was read.
    case ifRevision(Int)
}

/// One write of a transaction.
public enum Write: Sendable, Equatable {
    case put(RecordKey, [String: String], expires: Timestamp? = nil, if: Condition = .always)
    /// A put under a sort key that the store makes: after all that were appended before, to any partition. A store that
    /// orders by itself (SQLite) has those of other processes before it too; the others go by the process's clock.
    case append(partition: String, [String: String])
    case delete(RecordKey, if: Condition = .always)

    /// Nil where the store makes it.
    var key: RecordKey? {
        switch self {
        case .put(let key, _, expires: _, if: _), .delete(let key, if: _): key
        case .append: nil
        }
    }
}

extension Record {
    /// An attribute that whoever wrote the record has always set.
    func text(_ name: String) throws(StoreError) -> String {
        guard let text = attributes[name] else { throw .unreadable(reason: "a record lacks its attribute \(name)") }
        return text
    }

    /// An attribute that holds a whole number from 0.
    func count(_ name: String) throws(StoreError) -> Int {
        guard let count = Int(try text(name)), (0..<Int.max).contains(count) else {
            throw .unreadable(reason: "a record's attribute \(name) is no count")
        }
        return count
    }

    /// An attribute that holds a time, as milliseconds since 1970.
    func time(_ name: String) throws(StoreError) -> Timestamp {
        guard let time = Timestamp(attribute: try text(name)) else {
            throw .unreadable(reason: "a record's attribute \(name) is no time")
        }
        return time
    }
}

extension Timestamp {
    /// As a record's attribute: milliseconds since 1970.
    var attribute: String { "\(epochMilliseconds)" }

    /// Nil for what is none.
    init?(attribute: String) {
        guard let milliseconds = Int(attribute) else { return nil }
        self.init(epochMilliseconds: milliseconds)
    }
}
