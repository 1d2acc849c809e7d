import COpenSSL

/// A record as an item of the table, and back (DynamoDB API reference, AttributeValue).
///
/// `expires` is the table's TTL attribute, in whole seconds. DynamoDB takes expired items away when it likes, so what
/// decides is `expiresAt`, to the millisecond.
enum DynamoDBItem {
    static func key(_ key: RecordKey) -> JSON {
        ["partition": text(key.partition), "sort": text(key.sort)]
    }

    static func item(_ key: RecordKey, _ attributes: [String: String], expires: Timestamp?, revision: Int) -> JSON {
        var item = Self.key(key)
        item.add("attributes", ["M": .object(attributes.map { JSON.Member($0.key, text($0.value)) })])
        item.add("revision", number(revision))
        if let expires {
            item.add("expires", number((expires.epochMilliseconds + 999) / 1000))
            item.add("expiresAt", number(expires.epochMilliseconds))
        }
        return item
    }

    static func record(_ item: JSON) throws(StoreError) -> Record {
        guard let partition = item["partition"]?["S"]?.string, let sort = item["sort"]?["S"]?.string,
            let revision = item["revision"]?["N"]?.string.flatMap({ Int($0) }),
            let members = item["attributes"]?["M"]?.members
        else { throw .unavailable(reason: "an item of the table is no record of ours") }
        var attributes: [String: String] = [:]
        for member in members { attributes[member.name] = member.value["S"]?.string }
        return Record(
            key: RecordKey(partition: partition, sort: sort), attributes: attributes, revision: revision,
            expires: item["expiresAt"]?["N"]?.string.flatMap { Int($0) }.map { Timestamp(epochMilliseconds: $0) })
    }

    static func text(_ value: String) -> JSON { ["S": .string(value)] }
    static func number(_ value: Int) -> JSON { ["N": .string("\(value)")] }

    /// A number that no other write has.
    static func newRevision() -> Int {
        var bytes = [UInt8](repeating: 0, count: 8)
        RAND_bytes(&bytes, 8)
        return bytes.reduce(0) { $0 << 8 | Int($1) } & Int.max
    }
}

extension Record {
    func isExpired(at now: Timestamp) -> Bool { expires.map { $0 <= now } ?? false }
}
