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

    /// Whether one of the same reference is no conflict.
    func isSame(as other: RewardRequest) -> Bool {
        userID.utf8.elementsEqual(other.userID.utf8) && amount == other.amount
    }

    /// `[a-zA-Z0-9._-]{1,64}` (Ownli's reference).
    public static func isActionCode(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-".utf8.contains($0) }
    }
}

/// A reward that was granted.
public struct Reward: Sendable, Equatable {
    public let id: String
    public let request: RewardRequest
    /// Ownli's: of a replay it may be another than was asked for.
    public let actionCode: String
    /// `Confirmed`, mostly.
    public let status: String
    /// RFC 3339; nil when Ownli did not say.
    public let dateRewarded: String?
    /// Whether this is the answer to an earlier grant of the same reference.
    public let isReplay: Bool

    /// Whether it was granted before this was asked for, so that asking has spent nothing. A replay alone does not say
    /// so: it also answers our own second try, when the first one's answer was lost.
    public func isOlder(than askedAt: Timestamp) -> Bool {
        guard isReplay else { return false }
        guard actionCode.utf8.elementsEqual(request.actionCode.utf8) else { return true }
        // Both in UTC and to the second, `2026-04-25T10:15:30Z`, the order of time is the order of the bytes.
        guard let dateRewarded, dateRewarded.utf8.count >= 20, dateRewarded.utf8.last == UInt8(ascii: "Z") else {
            return false
        }
        let earliest = Timestamp(epochMilliseconds: askedAt.epochMilliseconds - Self.clockDifference)
        return dateRewarded.utf8.prefix(19).lexicographicallyPrecedes(earliest.rfc3339.utf8.prefix(19))
    }

    /// Milliseconds by which Ownli's clock may differ from ours.
    private static let clockDifference = 300_000
}

extension OwnliAPI {
    /// Grants a reward: `POST /api/rewards/grant`. The same reference again returns the first reward.
    ///
    /// - Parameter token: an admin token; the cached or a new one if nil.
    public func grant(
        _ request: RewardRequest, with token: AccessToken? = nil, in invocation: Invocation
    ) throws(OwnliError) -> Reward {
        do throws(OwnliError) {
            let reward = try post(request, with: token, in: invocation)
            invocation.note("idempotentReplay", .bool(reward.isReplay))
            invocation.count(reward.isReplay ? "Replays" : "Grants")
            if !reward.actionCode.utf8.elementsEqual(request.actionCode.utf8) {
                // References are the company's own and may name people; Ownli's id finds the reward.
                invocation.log.write(
                    .warn, "Ownli has this reward under another action code", requestID: invocation.requestID,
                    [
                        JSON.Member("rewardId", .string(reward.id)),
                        JSON.Member("asked", .string(request.actionCode)),
                        JSON.Member("granted", .string(reward.actionCode)),
                    ])
            }
            return reward
        } catch {
            if error.isConflict { invocation.count("Conflicts") }
            throw error
        }
    }

    private func post(
        _ request: RewardRequest, with token: AccessToken?, in invocation: Invocation
    ) throws(OwnliError) -> Reward {
        let answer = try callAsAdmin(
            "POST", "/api/rewards/grant",
            body: [
                "userId": .string(request.userID), "amount": request.amount.dollars,
                "actionCode": .string(request.actionCode), "clientReference": .string(request.clientReference),
            ], with: token, in: invocation)
        guard let id = answer["id"]?.string, !id.isEmpty, let status = answer["status"]?.string else {
            throw .unexpectedAnswer("no reward")
        }
        // Money went to whoever the answer names: what does not match is not reported as a success.
        guard let userID = answer["userId"]?.string, userID.utf8.elementsEqual(request.userID.utf8),
            answer["amount"].flatMap({ Cents(dollars: $0) }) == request.amount,
            let reference = answer["clientReference"]?.string,
            reference.utf8.elementsEqual(request.clientReference.utf8)
        else { throw .unexpectedAnswer("a reward for another user, amount or reference") }
        let actionCode = answer["actionCode"]?.present ?? .string(request.actionCode)
        guard case .string(let actionCode) = actionCode, RewardRequest.isActionCode(actionCode) else {
            throw .unexpectedAnswer("a reward without an action code")
        }
        return Reward(
            id: id, request: request, actionCode: actionCode, status: status,
            dateRewarded: answer["dateRewarded"]?.string,
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
