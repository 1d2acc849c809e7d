/// What Ownli wants to know of a new user.
public struct NewOwnliUser: Sendable, Equatable {
    public var firstName: String
    public var lastName: String
    /// E.164: `+15556667777`.
    public var phone: String
    public var isPhoneVerified: Bool
    public var email: String?
    public var isEmailVerified: Bool
    public var address: Address

    public struct Address: Sendable, Equatable {
        /// Two letters, of a US state or territory.
        public var state: String
        public var addressLine1: String?
        public var addressLine2: String?
        public var city: String?
        public var zip: String?
    }
}

extension OwnliAPI {
    /// Creates a user, or finds the one with this e-mail address or phone number.
    ///
    /// - Returns: Ownli's id of the user. The rest of the record is not ours to see: it may be somebody else's.
    public func createUser(_ user: NewOwnliUser, in invocation: Invocation) throws(OwnliError) -> String {
        let answer = try callAsAdmin(
            "POST", "/api/users", query: "?returnExistingUserIfExists=true", body: user.json, in: invocation)
        guard let id = answer["id"]?.string, !id.isEmpty, id.utf8.count <= 128 else {
            throw .unexpectedAnswer("no id of a user")
        }
        return id
    }
}

extension NewOwnliUser {
    fileprivate var json: JSON {
        var address: JSON = ["state": .string(self.address.state), "country": "US"]
        address.add("addressLine1", self.address.addressLine1.map { .string($0) })
        address.add("addressLine2", self.address.addressLine2.map { .string($0) })
        address.add("city", self.address.city.map { .string($0) })
        address.add("zip", self.address.zip.map { .string($0) })
        var json: JSON = [
            "firstName": .string(firstName), "lastName": .string(lastName), "phone": .string(phone),
            "address": address,
        ]
        json.add("email", email.map { .string($0) })
        if isPhoneVerified { json.add("isPhoneVerified", true) }
        if isEmailVerified { json.add("isEmailVerified", true) }
        return json
    }
}
