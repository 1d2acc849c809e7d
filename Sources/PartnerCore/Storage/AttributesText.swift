/// A record's attributes as one JSON text, for backends that keep them in one column or field.
enum AttributesText {
    static func of(_ attributes: [String: String]) -> String {
        let members = attributes.map { JSON.Member($0.key, .string($0.value)) }
        return String(decoding: JSON.object(members).text, as: UTF8.self)
    }

    static func parse(_ text: String) throws(StoreError) -> [String: String] {
        let unreadable = StoreError.unreadable(reason: "a record's attributes are no JSON object of strings")
        guard let members = (try? JSON.parse(Array(text.utf8)))?.members else { throw unreadable }
        var attributes: [String: String] = [:]
        for member in members {
            guard let value = member.value.string else { throw unreadable }
            attributes[member.name] = value
        }
        return attributes
    }
}
