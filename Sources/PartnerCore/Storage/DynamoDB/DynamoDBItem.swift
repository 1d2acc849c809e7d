// A record as an item of the table:
//
//   partition   S   the hash key
//   sort        S   the range key
//   attributes  M   of strings
//   revision    N
//   expires     N   seconds since 1970, rounded up: the TTL attribute, by which DynamoDB removes the item in its time
//   expiresAt   N   the same to the millisecond, by which the record is absent; both are left out of one that stays

extension RecordKey {
    /// The key alone, as `Key` of a request.
    var item: JSON { ["partition": .dynamoDB(partition), "sort": .dynamoDB(sort)] }

    /// From an item, or from the key of one.
    init(item: JSON) throws(StoreError) {
        guard let partition = item["partition"]?["S"]?.string, let sort = item["sort"]?["S"]?.string else {
            throw .unreadable(reason: "DynamoDB: an item of the table has no key of ours")
        }
        self.init(partition: partition, sort: sort)
    }
}

extension Record {
    var item: JSON {
        let attributes = attributes.map { JSON.Member($0.key, .dynamoDB($0.value)) }
        var item: JSON = [
            "partition": .dynamoDB(key.partition), "sort": .dynamoDB(key.sort),
            "attributes": ["M": .object(attributes)],
            "revision": .dynamoDB(revision),
        ]
        item.add("expires", expires.map { .dynamoDB($0.epochSecondsRoundedUp) })
        item.add("expiresAt", expires.map { .dynamoDB($0.epochMilliseconds) })
        return item
    }

    init(item: JSON) throws(StoreError) {
        guard let partition = item["partition"]?["S"]?.string, let sort = item["sort"]?["S"]?.string,
            let members = item["attributes"]?["M"]?.members, let revision = item["revision"]?.dynamoDBNumber
        else { throw .unreadable(reason: "DynamoDB: an item of the table is no record") }
        var attributes: [String: String] = [:]
        for member in members {
            guard let text = member.value["S"]?.string else {
                throw .unreadable(reason: "DynamoDB: a record's attribute is no string")
            }
            attributes[member.name] = text
        }
        var expires: Timestamp?
        if let time = item["expiresAt"] {
            guard let milliseconds = time.dynamoDBNumber else {
                throw .unreadable(reason: "DynamoDB: a record's expiry is no time")
            }
            expires = Timestamp(epochMilliseconds: milliseconds)
        }
        self.init(
            key: RecordKey(partition: partition, sort: sort), attributes: attributes, revision: revision,
            expires: expires)
    }
}

extension Record {
    /// An item in a list.
    init(listed item: JSON) throws(StoreError) {
        do throws(StoreError) { try self.init(item: item) } catch {
            let text = String(decoding: item.text, as: UTF8.self)
            self.init(key: try RecordKey(item: item), attributes: [Record.unreadable: text], revision: 0)
        }
    }
}

extension JSON {
    /// A string as DynamoDB's JSON has it.
    static func dynamoDB(_ text: String) -> JSON { ["S": .string(text)] }

    /// A number as DynamoDB's JSON has it: in a string.
    static func dynamoDB(_ number: Int) -> JSON { ["N": .string("\(number)")] }

    fileprivate var dynamoDBNumber: Int? { self["N"]?.string.flatMap { Int($0) } }
}
