/// Where a record is: partitions are listed, sort keys order a partition.
public struct RecordKey: Sendable, Equatable {
    public let partition: String
    public let sort: String

    public init(_ partition: String, _ sort: String) {
        self.partition = partition
        self.sort = sort
    }
}

public struct Record: Sendable, Equatable {
    public let key: RecordKey
    public let attributes: [String: String]
    /// Counts the times it was written, from 1.
    public let revision: Int
    /// From then on the record is as good as absent; nil: never.
    public let expires: Timestamp?
}

/// What has to hold for a write to happen. An expired record counts as absent.
public enum Condition: Sendable, Equatable {
    case always
    case ifAbsent
    case ifRevision(Int)
}

public enum Write: Sendable, Equatable {
    case put(RecordKey, [String: String], expires: Timestamp? = nil, if: Condition = .always)
    case delete(RecordKey, if: Condition = .always)
}

public enum StoreError: Error, Sendable, Equatable {
    /// Nothing was written: a record was there, or had changed.
    case conditionFailed
    /// The store did not do it. The text says why, without any data.
    case unavailable(String)
    case timedOut
}

extension StoreError {
    public var functionError: FunctionError {
        switch self {
        case .conditionFailed:
            FunctionError(409, "CONFLICT", "Somebody else changed this at the same time: try again")
        case .unavailable(let reason): .storeUnavailable(reason)
        case .timedOut: .storeUnavailable("it did not answer in time")
        }
    }
}

extension FunctionError {
    fileprivate static func storeUnavailable(_ detail: String) -> FunctionError {
        FunctionError(
            503, "STORE_UNAVAILABLE", "The store cannot be reached: try again", retryAfter: 1, detail: detail)
    }
}
