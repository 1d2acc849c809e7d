/// A reward to be granted.
public struct RewardRequest: Sendable, Equatable {
    /// Ownli's id of the user.
    public let userID: String
    public let amount: Cents
    /// Up to 64 of `[a-zA-Z0-9._-]`.
    public let actionCode: String
    /// Up to 128 characters, unique per partner: Ownli grants one reward for it, however often it is asked.
    public let clientReference: String

    public init(userID: String, amount: Cents, actionCode: String, clientReference: String) {
        self.userID = userID
        self.amount = amount
        self.actionCode = actionCode
        self.clientReference = clientReference
    }
}

/// A reward that was granted.
public struct Reward: Sendable, Equatable {
    public let id: String
    public let request: RewardRequest
    /// `Confirmed`, mostly.
    public let status: String
    /// RFC 3339; nil when Ownli did not say.
    public let dateRewarded: String?
    /// Whether this is the answer to an earlier grant of the same reference.
    public let isReplay: Bool
}

extension OwnliAPI {
    /// Grants a reward: `POST /api/rewards/grant`. The same reference again returns the first reward.
    public func grant(_ request: RewardRequest, in invocation: Invocation) throws(FunctionError) -> Reward {
        do throws(OwnliError) {
            let reward = try post(request, in: invocation)
            invocation.note("idempotentReplay", .bool(reward.isReplay))
            invocation.count(reward.isReplay ? "Replays" : "Grants")
            return reward
        } catch {
            if error.isConflict { invocation.count("Conflicts") }
            throw error.functionError
        }
    }

    private func post(_ request: RewardRequest, in invocation: Invocation) throws(OwnliError) -> Reward {
        let answer = try callAsAdmin(
            "POST", "/api/rewards/grant",
            body: [
                "userId": .string(request.userID), "amount": request.amount.dollars,
                "actionCode": .string(request.actionCode), "clientReference": .string(request.clientReference),
            ], in: invocation)
        guard let id = answer["id"]?.string, !id.isEmpty, let status = answer["status"]?.string else {
            throw .unexpectedAnswer("no reward")
        }
        // Money went to whoever the answer names: what does not match is not reported as a success.
        guard answer["userId"]?.string == request.userID,
            answer["amount"].flatMap({ Cents(dollars: $0) }) == request.amount,
            answer["clientReference"]?.string == request.clientReference
        else { throw .unexpectedAnswer("a reward for another user, amount or reference") }
        return Reward(
            id: id, request: request, status: status, dateRewarded: answer["dateRewarded"]?.string,
            isReplay: answer["idempotentReplay"]?.bool ?? false)
    }

    /// One page of our rewards, newest first: `GET /api/rewards`. Only fields that the reference names are taken over,
    /// and the owners' names are left out.
    ///
    /// - Parameter page: zero-based.
    public func rewards(actionCode: String?, page: Int, in invocation: Invocation) throws(FunctionError) -> JSON {
        do throws(OwnliError) {
            return try list(actionCode: actionCode, page: page, in: invocation)
        } catch { throw error.functionError }
    }

    private func list(actionCode: String?, page: Int, in invocation: Invocation) throws(OwnliError) -> JSON {
        var query = "?page=\(page)&size=\(Self.pageSize)"
        if let actionCode { query += "&actionCode=" + actionCode }
        let answer = try callAsAdmin("GET", "/api/rewards", query: query, in: invocation)
        guard let rewards = answer["rewards"]?.array else { throw .unexpectedAnswer("no list of rewards") }
        var json: JSON = [:]
        for name in ["totalItems", "currentPage", "totalPages", "itemsOnPage"] {
            json.add(name, answer[name]?.integer.map { .integer($0) })
        }
        json.add("rewards", .array(rewards.map(Self.listed)))
        return json
    }

    /// Ownli's default.
    private static let pageSize = 10

    private static func listed(_ reward: JSON) -> JSON {
        var json: JSON = [:]
        for name in ["id", "status", "type", "actionCode", "clientReference", "dateRewarded"] {
            json.add(name, reward[name]?.string.map { .string($0) })
        }
        json.add("amount", reward["amount"].flatMap { Cents(dollars: $0) }?.dollars)
        json.add("userId", reward["owner"]?["id"]?.string.map { .string($0) })
        return json
    }
}
