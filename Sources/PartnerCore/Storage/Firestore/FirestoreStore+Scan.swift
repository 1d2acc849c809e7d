// A scan is a query of the collection group `records`: of every collection of this name, under whatever document. Ordered
// by the documents' names it needs no index of ours, as a collection group query by a field would: it is the order in
// which Firestore's own `partitionQuery` cuts a collection group into parts.

extension FirestoreStore {
    /// Firestore is asked for everything, since a condition on `partition` would want an index of the whole group; which
    /// are of the prefix is decided here.
    func scan(
        prefix: String, after last: RecordKey?, limit: Int, in invocation: Invocation
    ) throws(StoreError) -> RecordPage {
        let size = min(Self.pageSize, limit)
        var start = last.map { "\(documents)/\($0.firestorePath)" }
        while true {
            let page = try storing(in: invocation) { () throws(GoogleError) in
                try group(after: start, limit: size, in: invocation)
            }
            let records = page.compactMap { record($0) }
            guard page.count == size else { return RecordPage(records: ours(records, prefix), next: nil) }
            if let end = records.last { return RecordPage(records: ours(records, prefix), next: end.key) }
            // A whole page of somebody else's, behind which none of our keys leads.
            start = page.last?["name"]?.string
        }
    }

    private func ours(_ records: [Record], _ prefix: String) -> [Record] {
        records.filter { $0.key.partition.hasPrefix(prefix) && $0.isPresent(at: clock()) }
    }

    /// Nil for a document that is where none of ours would be: somebody else's collection of that name.
    private func record(_ document: JSON) -> Record? {
        guard let record = try? Record(firestoreListed: document),
            document["name"]?.string == "\(documents)/\(record.key.firestorePath)"
        else { return nil }
        return record
    }

    private func group(after start: String?, limit: Int, in invocation: Invocation) throws(GoogleError) -> [JSON] {
        var query: JSON = [
            "from": [["collectionId": "records", "allDescendants": true]],
            "orderBy": [["field": ["fieldPath": "__name__"], "direction": "ASCENDING"]], "limit": .integer(limit),
        ]
        query.add("startAt", start.map { ["values": [["referenceValue": .string($0)]], "before": false] })
        return try found(by: query, below: documents, in: invocation)
    }
}
