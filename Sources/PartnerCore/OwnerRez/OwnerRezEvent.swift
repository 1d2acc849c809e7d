/// What OwnerRez's webhook tells: `{"id","user_id","action","entity_type","entity_id","entity",..}`. Any of it may be
/// missing, or be of a kind that nobody has seen yet. An entity holds guests' personal data.
public struct OwnerRezEvent: Sendable, Equatable {
    /// As it came, to the byte.
    let text: String
    /// By which repetitions are known: a GUID or a whole number, as JSON text. Nil when there is none.
    let id: String?
    /// `booking.entity_update`; `unknown` stands for what is missing, or is no word.
    let kind: String
    /// What it is about: `booking/16879744`, or else the account. Events of one entity are passed on in order.
    let entity: String
    /// Whose event it is.
    let account: Int?
    /// Whether it is about an entity, rather than about the account.
    let isAboutEntity: Bool
    /// `entity_update`; `unknown` as in the kind.
    let action: String
    /// The entity's `updated_utc`, if it is a time: it tells which of two events is the later one.
    let updated: String?
    /// The same in a form that can be compared. It is read from more spellings than that.
    let changedAt: SortableTime?
    /// The account of OwnerRez's that has disconnected our app.
    let revokedAccount: Int?

    /// An entity may be large; what the store takes in one record, and every target in one message, is little more.
    public static let largestBody = 204_800

    public init(_ request: Request) throws(FunctionError) {
        let json = try request.jsonObject(as: .anyJSON)
        self.init(text: String(decoding: request.text, as: UTF8.self), json)
    }

    init(text: String, _ json: JSON) {
        self.text = text
        id = Self.id(json["id"])
        let action = Self.word(json["action"])
        let isRevocation = action == "application_authorization_revoked"
        let type = Self.word(json["entity_type"]) ?? (isRevocation ? "api_application" : nil)
        account = json["user_id"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        let updated = json["entity"]?["updated_utc"]?.string
        self.updated = updated.flatMap { Self.isTime($0) ? $0 : nil }
        changedAt = updated.flatMap { SortableTime($0) }
        self.action = action ?? "unknown"
        kind = (type ?? "unknown") + "." + self.action
        revokedAccount = isRevocation ? account : nil
        let id = Self.identifier(json["entity_id"])
        isAboutEntity = type != nil && id != nil
        entity =
            if let type, let id { "\(type)/\(id)" } else { "user/\(account.map { "\($0)" } ?? "unknown")" }
    }

    static let deletion = "entity_delete"

    var isDeletion: Bool { action == Self.deletion }

    /// Of all that it says but for its id: 32 hexadecimal digits. The same change may be told under two ids.
    var contentDigest: String {
        guard let members = (try? JSON.parse(Array(text.utf8)))?.members else { return Self.digest(Array(text.utf8)) }
        return Self.digest(JSON.object(members.filter { $0.name != "id" }).text)
    }

    /// Of what its entity has come to, whatever else it says: 32 hexadecimal digits.
    var stateDigest: String {
        let entity = (try? JSON.parse(Array(text.utf8)))?["entity"] ?? .null
        return Self.digest(JSON.array([.bool(isDeletion), isDeletion ? .null : entity]).text)
    }

    static func digest(_ bytes: [UInt8]) -> String { hexadecimal(Array(sha256(bytes).prefix(16))) }

    /// As JSON text, so that 5 and "5" stay two. What is longer than any id is none.
    private static func id(_ value: JSON?) -> String? {
        switch value {
        case .number, .integer: return value?.wholeNumber.flatMap { $0.utf8.count <= 128 ? $0 : nil }
        case .string(let text) where (1...128).contains(text.utf8.count):
            return String(decoding: JSON.string(text).text, as: UTF8.self)
        default: return nil
        }
    }

    /// As in `2026-08-30T12:00:00Z`: digits and the signs between them, and so nobody's data.
    private static func isTime(_ text: String) -> Bool {
        (10...40).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIIDigit || "TZ:.+-".utf8.contains($0) }
    }

    static func identifier(_ value: JSON?) -> String? {
        if let number = value?.wholeNumber, number.utf8.count <= 60 { return number }
        return word(value)
    }

    /// A name of OwnerRez's: 1 to 60 letters, digits, `_`, `-` and dots. Anything else may be somebody's data.
    private static func word(_ value: JSON?) -> String? {
        guard let text = value?.string, (1...60).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0.isASCIIAlphanumeric || "_-.".utf8.contains($0) })
        else { return nil }
        return text
    }
}
