/// What Ownli wants to know of a new user.
public struct NewOwnliUser: Sendable, Equatable {
    public let firstName: String
    public let lastName: String
    /// E.164: `+15556667777`.
    public let phone: String
    public let isPhoneVerified: Bool
    public let email: String?
    public let isEmailVerified: Bool
    public let address: Address

    public struct Address: Sendable, Equatable {
        /// Two letters, of a US state or territory.
        public let state: String
        public let addressLine1: String?
        public let addressLine2: String?
        public let city: String?
        public let zip: String?

        public init(state: String, addressLine1: String?, addressLine2: String?, city: String?, zip: String?) {
            self.state = state
            self.addressLine1 = addressLine1
            self.addressLine2 = addressLine2
            self.city = city
            self.zip = zip
        }
    }

    public init(
        firstName: String, lastName: String, phone: String, isPhoneVerified: Bool, email: String?,
        isEmailVerified: Bool, address: Address
    ) {
        self.firstName = firstName
        self.lastName = lastName
        self.phone = phone
        self.isPhoneVerified = isPhoneVerified
        self.email = email
        self.isEmailVerified = isEmailVerified
        self.address = address
    }
}

extension OwnliAPI {
    /// Creates a user, or finds the one with this e-mail address or phone number.
    ///
    /// - Returns: Ownli's id of the user. The rest of the record is not ours to see: it may be somebody else's.
    public func create(_ user: NewOwnliUser, in invocation: Invocation) throws(FunctionError) -> String {
        do throws(OwnliError) { return try post(user, in: invocation) } catch {
            if error.isConflict { invocation.count("Conflicts") }
            guard case .refused(status: 409, code: nil) = error else { throw error.functionError }
            // With the flag set no existing user is a conflict: its e-mail and phone must be two users'.
            throw FunctionError(409, "USER_CONFLICT", "Ownli has other users with this e-mail address or phone number")
        }
    }

    private func post(_ user: NewOwnliUser, in invocation: Invocation) throws(OwnliError) -> String {
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
