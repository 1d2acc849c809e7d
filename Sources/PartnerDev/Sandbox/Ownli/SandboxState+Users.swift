import PartnerCore

struct User: Sendable {
    let id: String
    let email: String?
    let phone: String
    /// As it is answered.
    let json: JSON

    func has(email: String?, phone: String) -> Bool {
        self.phone == phone || (email != nil && self.email?.lowercased() == email?.lowercased())
    }
}

extension SandboxState {
    private static let customFields = (1...5).map { "customField\($0)" }
    private static let addressLines = ["addressLine1", "addressLine2", "city", "zip"]

    /// `POST /api/users`
    mutating func createUser(_ request: Request) throws(SandboxError) -> Response {
        let query = try request.queryParameters(allowed: ["returnExistingUserIfExists"])
        let parameters = try Parameters(
            body: request,
            allowed: ["firstName", "lastName", "phone", "address", "email", "isEmailVerified", "isPhoneVerified"]
                + Self.customFields)
        let user = try Self.user(parameters)
        if let existing = users.first(where: { $0.has(email: user.email, phone: user.phone) }) {
            guard query["returnExistingUserIfExists"] == "true" else {
                // The code is not documented.
                throw SandboxError(409, "ERROR_USER_EXISTS", "There is such a user already")
            }
            return .json(200, existing.json)
        }
        users.append(user)
        return .json(200, user.json)
    }

    /// `GET /api/users`. The shape is not documented: it is that of the other list.
    func listUsers(_ request: Request) throws(SandboxError) -> Response {
        let page = try Page(request.queryParameters(allowed: ["page", "size"]))
        return .json(200, page.of(users.reversed().map { $0.json }, named: "users"))
    }

    /// `GET /api/users/by-id/:id`
    func user(id: String, _ request: Request) throws(SandboxError) -> Response {
        _ = try request.queryParameters(allowed: [])
        return .json(200, try user(id: id).json)
    }

    /// `GET /api/users/by-phone/:phone`
    func user(phone: String, _ request: Request) throws(SandboxError) -> Response {
        _ = try request.queryParameters(allowed: [])
        guard let user = users.first(where: { $0.phone == phone }) else { throw .noSuchUser }
        return .json(200, user.json)
    }

    func user(id: String) throws(SandboxError) -> User {
        guard let user = users.first(where: { $0.id == id }) else { throw .noSuchUser }
        return user
    }

    private static func user(_ parameters: Parameters) throws(SandboxError) -> User {
        let firstName = try parameters.text("firstName")
        let lastName = try parameters.text("lastName")
        let phone = try parameters.text("phone")
        guard isE164(phone) else { throw .invalid("phone must be in E.164") }
        let email = try parameters.optionalText("email")
        if let email { guard email.contains("@") else { throw .invalid("email is no e-mail address") } }
        _ = try parameters.optionalBool("isEmailVerified")
        _ = try parameters.optionalBool("isPhoneVerified")
        let address = try address(parameters.value("address"))
        let id = newID("XT_USR")
        // To the millisecond: who was there first matters.
        let now = JSON.string(Timestamp.now().rfc3339)
        var members = [
            JSON.Member("id", .string(id)), JSON.Member("firstName", .string(firstName)),
            JSON.Member("lastName", .string(lastName)), JSON.Member("email", .text(email)),
            JSON.Member("phone", .string(phone)), JSON.Member("adminNote", .null),
        ]
        for name in customFields { members.append(JSON.Member(name, .text(try parameters.optionalText(name)))) }
        members += [
            JSON.Member("address", address), JSON.Member("tosAnswer", "None"),
            JSON.Member("partnerCode", .string(Sandbox.partnerID)), JSON.Member("dateRegistered", now),
            JSON.Member("updated", now),
        ]
        return User(id: id, email: email, phone: phone, json: .object(members))
    }

    private static func address(_ value: JSON?) throws(SandboxError) -> JSON {
        guard let value else { throw .invalid("address is required") }
        let address = try Parameters(value, allowed: addressLines + ["state", "country"])
        let state = try address.text("state")
        guard state.utf8.count == 2, state.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { throw SandboxError(400, "ERROR_INVALID_STATE_CODE", "address.state must be two capital letters") }
        guard try ["US", nil].contains(address.optionalText("country")) else {
            throw .invalid("address.country must be US")
        }
        var members: [JSON.Member] = []
        for name in addressLines { members.append(JSON.Member(name, .text(try address.optionalText(name)))) }
        return .object(members + [JSON.Member("state", .string(state)), JSON.Member("country", "US")])
    }

    /// ITU-T E.164: a plus and up to 15 digits, the first not zero.
    private static func isE164(_ phone: String) -> Bool {
        let digits = phone.utf8.dropFirst()
        return phone.hasPrefix("+") && (8...15).contains(digits.count) && digits.first != UInt8(ascii: "0")
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension JSON {
    static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

extension Timestamp {
    /// `2026-04-25T10:15:30Z`
    var wholeSeconds: String { rfc3339.prefix(19) + "Z" }
}
