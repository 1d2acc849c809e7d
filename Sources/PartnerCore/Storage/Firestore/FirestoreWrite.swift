/// One write as a commit has it.
///
/// Firestore knows no conditions on fields. So where one is needed the document is read, looked at here, and the write
/// bound to the document's time (`updateTime`), or to its absence.
struct FirestoreWrite {
    let name: String
    private let condition: Condition
    /// Nil for a delete.
    private let fields: JSON?
    /// Of the record that it makes, and of no other ever; nil for a delete.
    private let revision: Int?

    /// - Parameters:
    ///   - arrivals: what gives an append its sort key. The time that Firestore itself can put into a field is the text of
    ///     no document's name.
    ///   - documents: what a document's name begins with: `projects/P/databases/D/documents`.
    init(
        _ write: Write, _ arrivals: ArrivalClock, at now: Timestamp, below documents: String
    ) throws(StoreError) {
        switch write {
        case .put(let key, let attributes, let expires, let condition):
            try self.init(putting: key, attributes, expires: expires, if: condition, below: documents)
        case .append(let partition, let attributes):
            let key = RecordKey(partition: partition, sort: arrivals.next(at: now))
            try self.init(putting: key, attributes, expires: nil, if: .always, below: documents)
        case .delete(let key, let condition):
            self.init(deleting: key, if: condition, below: documents)
        }
    }

    private init(deleting key: RecordKey, if condition: Condition, below documents: String) {
        name = "\(documents)/\(key.firestorePath)"
        self.condition = condition
        revision = nil
        fields = nil
    }

    private init(
        putting key: RecordKey, _ attributes: [String: String], expires: Timestamp?, if condition: Condition,
        below documents: String
    ) throws(StoreError) {
        let revision = randomRevision()
        name = "\(documents)/\(key.firestorePath)"
        self.condition = condition
        self.revision = revision
        fields = try Record(key: key, attributes: attributes, revision: revision, expires: expires).firestoreFields()
    }

    var dependsOnRevision: Bool {
        if case .ifRevision = condition { true } else { false }
    }

    /// Whether a repeat that nobody knows of does no harm: reading back would find what it wrote before.
    var mayBeSentTwice: Bool { revision != nil && !dependsOnRevision }

    /// Whether this very put has happened.
    func isThere(_ document: FirestoreDocument?) -> Bool { revision != nil && document?.revision == revision }

    func holds(for document: FirestoreDocument?, at now: Timestamp) -> Bool {
        let isPresent = document?.isPresent(at: now) ?? false
        switch condition {
        case .always: return true
        case .ifAbsent: return !isPresent
        case .ifRevision(let revision): return isPresent && document?.revision == revision
        }
    }

    /// - Parameter document: what was there when it was read; nil when nothing was, or when nobody has looked.
    func request(for document: FirestoreDocument?) -> JSON {
        var request: JSON =
            if let fields {
                ["update": ["name": .string(name), "fields": fields]]
            } else {
                ["delete": .string(name)]
            }
        if condition != .always { request.add("currentDocument", document?.precondition ?? ["exists": false]) }
        return request
    }
}

extension FirestoreDocument {
    /// Nobody has written it since it was read.
    var precondition: JSON { ["updateTime": .string(updateTime)] }
}
