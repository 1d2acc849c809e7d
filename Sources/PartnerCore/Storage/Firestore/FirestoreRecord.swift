// A record as a document, `partitions/{hash of the partition}/records/{hash of the sort key}`. Hashes, as an id may not
// hold a slash, and be no `.`, no `..` and no `__name__`. The fields:
//
//   partition   stringValue
//   sort        stringValue     by which lists are ordered; Firestore compares the UTF-8 bytes
//   attributes  stringValue     one JSON text, so that no name of ours meets one that Firestore keeps to itself. It
//                               needs no index, and costs less without: exempt it
//   revision    integerValue    in a string, as Google writes 64-bit integers
//   expires     timestampValue  the TTL field of the collection group `records`, by which Firestore removes the document
//                               in its time
//   expiresAt   integerValue    the same in milliseconds since 1970, by which the record is absent; both are left out of
//                               one that stays

extension RecordKey {
    /// Below `documents/`.
    var firestorePath: String { "partitions/\(Self.hash(partition))/records/\(Self.hash(sort))" }

    /// What a partition's list is asked of, below `documents/`.
    static func firestoreParent(ofPartition partition: String) -> String { "partitions/\(hash(partition))" }

    private static func hash(_ text: String) -> String { hexadecimal(sha256(Array(text.utf8))) }
}

extension Record {
    /// A document has up to 1 MiB; a text of control characters alone grows to six times its size as JSON.
    private static let largestText = 1_000_000

    func firestoreFields() throws(StoreError) -> JSON {
        let text = AttributesText.of(attributes)
        guard text.utf8.count <= Self.largestText else {
            throw .notStorable(reason: "a record is larger than a document of Firestore's")
        }
        var fields: JSON = [
            "partition": .firestore(key.partition), "sort": .firestore(key.sort), "attributes": .firestore(text),
            "revision": .firestore(revision),
        ]
        fields.add("expires", expires.map { ["timestampValue": .string($0.rfc3339)] })
        fields.add("expiresAt", expires.map { .firestore($0.epochMilliseconds) })
        return fields
    }

    fileprivate init(firestoreFields fields: JSON) throws(StoreError) {
        guard let partition = fields["partition"]?["stringValue"]?.string,
            let sort = fields["sort"]?["stringValue"]?.string,
            let attributes = fields["attributes"]?["stringValue"]?.string.flatMap({ try? AttributesText.parse($0) }),
            let revision = fields["revision"]?.firestoreInteger
        else { throw .unreadable(reason: "Firestore: a document of the collection is no record") }
        var expires: Timestamp?
        if let time = fields["expiresAt"] {
            guard let milliseconds = time.firestoreInteger else {
                throw .unreadable(reason: "Firestore: a record's expiry is no time")
            }
            expires = Timestamp(epochMilliseconds: milliseconds)
        }
        self.init(
            key: RecordKey(partition: partition, sort: sort), attributes: attributes, revision: revision,
            expires: expires)
    }

    /// A document in a list.
    init(firestoreListed document: JSON) throws(StoreError) {
        let fields = document["fields"] ?? [:]
        do throws(StoreError) { try self.init(firestoreFields: fields) } catch {
            guard let partition = fields["partition"]?["stringValue"]?.string,
                let sort = fields["sort"]?["stringValue"]?.string
            else { throw error }
            let text = String(decoding: fields.text, as: UTF8.self)
            self.init(
                key: RecordKey(partition: partition, sort: sort), attributes: [Record.unreadable: text], revision: 0)
        }
    }

    func isPresent(at now: Timestamp) -> Bool { expires.map { $0 > now } ?? true }
}

/// A record as it was read, and the time that a write can be bound to.
struct FirestoreDocument {
    let name: String
    /// What is unreadable is there all the same.
    let record: Result<Record, StoreError>
    /// To the microsecond, as Firestore wrote it.
    let updateTime: String

    /// From `{"name","fields","createTime","updateTime"}`.
    init(_ document: JSON) throws(GoogleError) {
        guard let name = document["name"]?.string, let updateTime = document["updateTime"]?.string else {
            throw .unexpectedAnswer("a document without its name or time")
        }
        self.name = name
        self.updateTime = updateTime
        do throws(StoreError) { record = .success(try Record(firestoreFields: document["fields"] ?? [:])) } catch {
            record = .failure(error)
        }
    }

    func isPresent(at now: Timestamp) -> Bool { (try? record.get())?.isPresent(at: now) ?? true }

    /// Nil of what is unreadable.
    var revision: Int? { (try? record.get())?.revision }
}

extension JSON {
    static func firestore(_ text: String) -> JSON { ["stringValue": .string(text)] }
    static func firestore(_ number: Int) -> JSON { ["integerValue": .string("\(number)")] }

    fileprivate var firestoreInteger: Int? { self["integerValue"]?.string.flatMap { Int($0) } }
}
