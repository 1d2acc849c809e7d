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

extension NewOwnliUser {
    /// The contact data that the person's identity does not vouch for, by its name here: `phone`.
    public var unverifiedContact: [String] {
        (isPhoneVerified ? [] : ["phone"]) + (email == nil || isEmailVerified ? [] : ["email"])
    }
}

/// What became of a user who is to be created and not found.
public enum OwnliCreation: Sendable, Equatable {
    /// Ownli's id of the new user.
    case created(String)
    /// There is a user with this e-mail address or phone number.
    ///
    /// - Parameter mayBeOurs: whether an earlier try of the same call may have made them, whose answer was lost.
    case taken(mayBeOurs: Bool)
    case failed(FunctionError, mayHaveCreated: Bool)

    public var mayHaveCreated: Bool {
        switch self {
        case .created, .taken(mayBeOurs: true), .failed(_, mayHaveCreated: true): true
        case .taken(mayBeOurs: false), .failed(_, mayHaveCreated: false): false
        }
    }
}

extension OwnliAPI {
    /// Creates a user where there is none with this e-mail address or phone number: without the flag Ownli answers 409
    /// where there is. Every try goes over a connection of its own, as otherwise nobody knew which one that was said to.
    public func createNew(_ user: NewOwnliUser, in invocation: Invocation) -> OwnliCreation {
        var mayHaveCreated = false
        do throws(OwnliError) {
            let answer = try callAsAdmin(
                "POST", "/api/users", body: user.json, mayBeSentTwice: false, in: invocation
            ) { failure in
                mayHaveCreated = mayHaveCreated || failure.mayHaveHadEffect
            }
            guard let id = Self.userID(answer) else {
                mayHaveCreated = true
                throw .unexpectedAnswer("no id of a user")
            }
            return .created(id)
        } catch {
            guard error.isConflict else { return .failed(error.functionError, mayHaveCreated: mayHaveCreated) }
            return .taken(mayBeOurs: mayHaveCreated)
        }
    }

    /// Finds the user that one of these attempts has made, or that this person has been before. Where Ownli has nobody any
    /// more they are made now.
    ///
    /// - Parameter formerIDs: Ownli's ids of whom this person was linked to until they withdrew.
    /// - Returns: Ownli's id; nil when whoever is there was made by none of them, and is nobody they have been.
    public func user(
        _ user: NewOwnliUser, madeBy attempts: [CreationIntent], orFormerly formerIDs: [String] = [],
        in invocation: Invocation
    ) throws(FunctionError) -> String? {
        do throws(OwnliError) {
            let answer = try findOrCreate(user, in: invocation)
            guard let id = Self.userID(answer) else { throw .unexpectedAnswer("no id of a user") }
            guard !formerIDs.contains(where: { $0 == id }) else { return id }
            let dateRegistered = answer["dateRegistered"]?.string
            let isOurs =
                user.isWhatWasSent(answer) && attempts.contains { $0.mayHaveMade(userRegistered: dateRegistered) }
            return isOurs ? id : nil
        } catch {
            guard !error.isConflict else { return nil }
            throw error.functionError
        }
    }

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
        guard let id = Self.userID(try findOrCreate(user, in: invocation)) else {
            throw .unexpectedAnswer("no id of a user")
        }
        return id
    }

    private func findOrCreate(_ user: NewOwnliUser, in invocation: Invocation) throws(OwnliError) -> JSON {
        try callAsAdmin(
            "POST", "/api/users", query: "?returnExistingUserIfExists=true", body: user.json, in: invocation)
    }

    private static func userID(_ answer: JSON) -> String? {
        guard let id = answer["id"]?.string, !id.isEmpty, id.utf8.count <= 128 else { return nil }
        return id
    }
}

extension NewOwnliUser {
    /// Whether a record says nothing else than was sent. Two people can share a phone number, or mistype one, at the same
    /// time: then it is the name or the e-mail address that tells them apart.
    fileprivate func isWhatWasSent(_ record: JSON) -> Bool {
        let sent = [("firstName", firstName), ("lastName", lastName), ("phone", phone), ("email", email ?? "")]
        return sent.allSatisfy { name, value in
            record[name].map { equalIgnoringASCIICase($0.string ?? "", value) } ?? true
        }
    }

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
