/// Records in one database of Google Cloud Firestore in native mode, which any number of processes share.
///
/// Reads are strongly consistent, and commits atomic. Expired records are absent at once; Firestore removes them within
/// a day where the TTL policy is set. Lists need the automatic index of `sort` alone.
public struct FirestoreStore: Sendable {
    /// Others are in the way for moments only.
    private static let tries = 6
    static let pageSize = 50
    /// A page of the largest records, which are larger as JSON.
    private static let largestAnswer = 33_554_432

    let client: GoogleClient
    /// `projects/P/databases/D/documents`
    let documents: String
    let clock: @Sendable () -> Timestamp
    private let arrivals = ArrivalClock()

    init(
        _ database: FirestoreDatabase, reading settings: inout SettingsReader,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        client = GoogleClient(.firestore, largestAnswer: Self.largestAnswer, reading: &settings)
        documents = "\(database.path)/documents"
        self.clock = clock
    }

    var peerClock: PeerClock { client.peerClock }
    var time: Timestamp { peerClock.time(at: clock()) }

    func get(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        let document = try storing(in: invocation) { () throws(GoogleError) in
            let name = "\(documents)/\(key.firestorePath)"
            return try read([name], in: invocation)[ExactText(name)]
        }
        guard let document, document.isPresent(at: clock()) else { return nil }
        return try document.record.get()
    }

    func list(
        partition: String, after start: String?, limit: Int?, in invocation: Invocation
    ) throws(StoreError) -> [Record] {
        var records: [Record] = []
        var last = start
        while true {
            let size = min(Self.pageSize, limit ?? Self.pageSize)
            let found = try storing(in: invocation) { () throws(GoogleError) in
                try query(partition: partition, after: last, limit: size, in: invocation)
            }
            let page = try found.map { (document) throws(StoreError) in try Record(firestoreListed: document) }
            records += page.filter { $0.isPresent(at: clock()) }
            // Expired records count against Firestore's limit, so that a page may hold fewer than there are.
            if let limit, records.count >= limit { return Array(records.prefix(limit)) }
            guard page.count == size, let end = page.last else { return records }
            last = end.key.sort
        }
    }

    /// Bound to what was read, so that of several one is given it.
    func delete(_ key: RecordKey, in invocation: Invocation) throws(StoreError) -> Record? {
        let name = "\(documents)/\(key.firestorePath)"
        /// The document whose delete was not answered.
        var doubtful: String?
        let document = try storing(in: invocation) { () throws(GoogleError) -> FirestoreDocument? in
            let document = try read([name], in: invocation)[ExactText(name)]
            // It was we who deleted it, or somebody else: whoever has to know must not take one for the other.
            guard doubtful == nil || doubtful == document?.updateTime else { throw .answerLost }
            guard let document, document.isPresent(at: clock()) else { return nil }
            // What it holds goes to whoever has it deleted: it stays where that cannot be told.
            guard document.revision != nil else { return document }
            do throws(GoogleError) {
                let write: JSON = ["delete": .string(name), "currentDocument": document.precondition]
                try commit([write], mayBeSentTwice: false, in: invocation)
            } catch {
                if error.leavesDoubt { doubtful = document.updateTime }
                throw error
            }
            return document
        }
        return try document?.record.get()
    }

    /// Reads first where a revision is the condition, or where a try did not succeed; what was read decides, unless
    /// others have written meanwhile.
    func transact(_ writes: [Write], in invocation: Invocation) throws(StoreError) {
        guard !writes.isEmpty else { return }
        let writes = try writes.map { (write) throws(StoreError) in
            try FirestoreWrite(write, arrivals, at: clock(), below: documents)
        }
        var isToBeRead = writes.contains { $0.dependsOnRevision }
        var isInDoubt = false
        let happened = try storing(in: invocation) { () throws(GoogleError) -> Bool in
            var found: [ExactText: FirestoreDocument] = [:]
            if isToBeRead {
                found = try read(writes.map { $0.name }, in: invocation)
                // An answer was lost: it is our own commit that is there, and so all of it.
                if writes.contains(where: { $0.isThere(found[ExactText($0.name)]) }) { return true }
                guard writes.allSatisfy({ $0.holds(for: found[ExactText($0.name)], at: clock()) }) else {
                    guard !isInDoubt else { throw .answerLost }
                    return false
                }
            }
            isToBeRead = true
            do throws(GoogleError) {
                try commit(
                    writes.map { $0.request(for: found[ExactText($0.name)]) },
                    mayBeSentTwice: writes.allSatisfy { $0.mayBeSentTwice }, in: invocation)
            } catch {
                if error.leavesDoubt { isInDoubt = true }
                throw error
            }
            return true
        }
        guard happened else { throw .conditionFailed }
    }

    /// Tries while there is time; what Firestore then still refuses becomes the store's error.
    func storing<Result>(
        in invocation: Invocation, _ attempt: () throws(GoogleError) -> Result
    ) throws(StoreError) -> Result {
        do throws(GoogleError) {
            return try retrying(in: invocation, tries: Self.tries, attempt)
        } catch {
            throw .unavailable(reason: "Firestore: \(error.description)")
        }
    }
}

extension FirestoreStore {
    /// The documents that are there, by their names. (A plain GET would say 404 for a database that is not there, too.)
    private func read(
        _ names: [String], in invocation: Invocation
    ) throws(GoogleError) -> [ExactText: FirestoreDocument] {
        let body: JSON = ["documents": .array(names.map { .string($0) })]
        let answers = try stream("batchGet", "\(documents):batchGet", body, in: invocation)
        var found: [ExactText: FirestoreDocument] = [:]
        var missing = 0
        for answer in answers {
            if let document = try answer["found"].map({ (found) throws(GoogleError) in try FirestoreDocument(found) }) {
                found[ExactText(document.name)] = document
            } else if answer["missing"]?.string != nil {
                missing += 1
            }
        }
        guard found.count + missing == names.count else { throw .unexpectedAnswer("not all of the documents") }
        return found
    }

    private func query(
        partition: String, after start: String?, limit: Int, in invocation: Invocation
    ) throws(GoogleError) -> [JSON] {
        var query: JSON = [
            "from": [["collectionId": "records"]],
            "orderBy": [["field": ["fieldPath": "sort"], "direction": "ASCENDING"]], "limit": .integer(limit),
        ]
        query.add("startAt", start.map { ["values": [.firestore($0)], "before": false] })
        let parent = "\(documents)/\(RecordKey.firestoreParent(ofPartition: partition))"
        return try found(by: query, below: parent, in: invocation)
    }

    /// The documents that a query finds.
    ///
    /// - Parameter parent: below which it looks.
    func found(by query: JSON, below parent: String, in invocation: Invocation) throws(GoogleError) -> [JSON] {
        // The last answer may tell the time alone.
        try stream("runQuery", "\(parent):runQuery", ["structuredQuery": query], in: invocation)
            .compactMap { $0["document"] }
    }

    /// An answer that Google streams: an array, in which an error may still follow the first results.
    private func stream(
        _ name: String, _ path: String, _ body: JSON, in invocation: Invocation
    ) throws(GoogleError) -> [JSON] {
        guard let answers = try client.call(name, path, body, in: invocation).array else {
            throw .unexpectedAnswer("no array")
        }
        for answer in answers {
            if let error = answer["error"] { throw GoogleError(error, status: error["code"]?.integer ?? 500) }
        }
        return answers
    }

    /// Does all of the writes or none. What was read is out of date when a condition does not hold.
    private func commit(_ writes: [JSON], mayBeSentTwice: Bool, in invocation: Invocation) throws(GoogleError) {
        do throws(GoogleError) {
            let answer = try client.call(
                "commit", "\(documents):commit", ["writes": .array(writes)], mayBeSentTwice: mayBeSentTwice,
                in: invocation)
            guard answer["commitTime"] != nil else { throw .unexpectedAnswer("no time of the commit") }
        } catch {
            switch error {
            case .conditionFailed(let status): throw .contended(status: status)
            case .notFound: throw .contended(status: "NOT_FOUND")
            default: throw error
            }
        }
    }
}
