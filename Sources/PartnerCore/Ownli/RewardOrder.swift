/// What is asked of us: `{"userId" | "internalUserId","amount","actionCode","clientReference"}`, validated.
public struct RewardOrder: Sendable {
    public enum User: Sendable {
        /// `userId`: Ownli's id.
        case ownli(String)
        /// `internalUserId`: our own user's id, looked up in the links.
        case ours(String)
    }

    public let user: User
    public let amount: Cents
    public let actionCode: String
    public let clientReference: String

    /// By which an order is told from other events.
    public static let members = ["clientReference"]

    public init(_ input: JSON) throws(FunctionError) {
        user = try Self.user(input)
        guard let amount = input["amount"].flatMap({ Cents(dollars: $0) }) else {
            throw .parameter("amount", "a number of dollars with at most two decimals")
        }
        guard let actionCode = input["actionCode"]?.string else { throw Self.badActionCode }
        try Self.check(actionCode: actionCode)
        guard let reference = input["clientReference"]?.string else { throw Self.badReference }
        try Self.check(clientReference: reference)
        self.amount = amount
        self.actionCode = actionCode
        clientReference = reference
    }

    public static func check(actionCode: String) throws(FunctionError) {
        guard RewardRequest.isActionCode(actionCode) else { throw badActionCode }
    }

    public static func check(clientReference: String) throws(FunctionError) {
        guard isReference(clientReference) else { throw badReference }
    }

    private static func user(_ input: JSON) throws(FunctionError) -> User {
        switch (input["userId"]?.present, input["internalUserId"]?.present) {
        case (.string(let id)?, nil) where isIdentifier(id): return .ownli(id)
        case (nil, .string(let subject)?) where isIdentifier(subject): return .ours(subject)
        default: throw .parameter("userId", "either userId, Ownli's, or internalUserId, your own")
        }
    }

    private static let badReference = FunctionError.parameter(
        "clientReference", "1 to 128 characters, without control characters")
    private static let badActionCode = FunctionError.parameter("actionCode", "1 to 64 of a-z, A-Z, 0-9, dot, dash, _")
}

extension RewardOrder {
    /// What Ownli is asked for: for whom our own user stands is looked up.
    public func request(by links: UserLinks, in invocation: Invocation) throws(FunctionError) -> RewardRequest {
        RewardRequest(
            userID: try ownliUserID(by: links, in: invocation), amount: amount, actionCode: actionCode,
            clientReference: clientReference)
    }

    private func ownliUserID(by links: UserLinks, in invocation: Invocation) throws(FunctionError) -> String {
        switch user {
        case .ownli(let id): return id
        case .ours(let subject):
            let link = try storing { () throws(StoreError) in try links.link(subject: subject, in: invocation) }
            guard let link else {
                throw FunctionError(404, "NOT_LINKED", "This user has not opted in to Ownli")
            }
            return link.ownliUserID
        }
    }
}

extension FunctionError {
    public static let rewardConflict = FunctionError(
        409, "ERROR_REWARD_CONFLICT", "This reference was asked for with another user or amount")
}

private func isIdentifier(_ text: String) -> Bool {
    (1...256).contains(text.utf8.count) && hasNoControlCharacters(text)
}

/// Characters are counted in UTF-16, the strictest way to count that is in use.
private func isReference(_ text: String) -> Bool {
    (1...128).contains(text.utf16.count) && hasNoControlCharacters(text)
}

private func hasNoControlCharacters(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
}
