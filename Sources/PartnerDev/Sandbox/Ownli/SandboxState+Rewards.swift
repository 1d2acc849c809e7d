import PartnerCore

struct Reward: Sendable {
    let id: String
    let userID: String
    let cents: Int
    let actionCode: String
    let clientReference: String
    let date: Timestamp
    var status = "Confirmed"

    var amount: JSON { .decimal(cents, places: 2) }
}

extension SandboxState {
    /// `POST /api/rewards/grant`
    mutating func grantReward(_ request: Request) throws(SandboxError) -> Response {
        let parameters = try Parameters(
            body: request, allowed: ["userId", "amount", "actionCode", "clientReference"])
        let userID = try parameters.text("userId")
        guard let cents = RawNumber.cents(parameters.value("amount")), (100...10_000).contains(cents) else {
            throw .invalid("amount must be a number from 1.00 to 100.00 with at most two decimals")
        }
        let actionCode = try parameters.text("actionCode")
        guard actionCode.utf8.count <= 64, actionCode.utf8.allSatisfy(Self.isActionCodeByte) else {
            throw .invalid("actionCode must be up to 64 of a-z A-Z 0-9 . _ -")
        }
        let clientReference = try parameters.text("clientReference")
        guard clientReference.unicodeScalars.count <= 128 else {
            throw .invalid("clientReference must be up to 128 characters")
        }
        let user = try user(id: userID)
        if let first = rewards.first(where: { $0.clientReference == clientReference }) {
            guard first.userID == userID, first.cents == cents else {
                throw SandboxError(409, "ERROR_REWARD_CONFLICT", "The clientReference was used for another reward")
            }
            return .json(200, Self.granted(first, isReplay: true))
        }
        let reward = Reward(
            id: Self.newID("XT_DBR"), userID: user.id, cents: cents, actionCode: actionCode,
            clientReference: clientReference, date: .now())
        rewards.append(reward)
        return .json(200, Self.granted(reward, isReplay: false))
    }

    /// `GET /api/rewards`
    func listRewards(_ request: Request) throws(SandboxError) -> Response {
        let parameters = try request.queryParameters(allowed: ["actionCode", "page", "size"])
        let page = try Page(parameters)
        let found = rewards.reversed().filter { $0.actionCode == parameters["actionCode"] ?? $0.actionCode }
        return .json(200, page.of(found.map { listed($0) }, named: "rewards"))
    }

    /// `GET /api/users/by-id/:id/rewards`: a bare array.
    func rewards(ofUser id: String, _ request: Request) throws(SandboxError) -> Response {
        _ = try request.queryParameters(allowed: [])
        let user = try user(id: id)
        return .json(200, .array(rewards.reversed().filter { $0.userID == user.id }.map { listed($0) }))
    }

    /// `POST /api/users/by-id/:id/rewards/claim?product=..&language=..`
    mutating func claimRewards(ofUser id: String, _ request: Request) throws(SandboxError) -> Response {
        let query = try request.queryParameters(allowed: ["product", "language"])
        guard query["product"]?.isEmpty == false else { throw .invalid("product is required") }
        if !request.body.isEmpty { _ = try Parameters(body: request, allowed: []) }
        let user = try user(id: id)
        let claimed = rewards.indices.filter { rewards[$0].userID == user.id && rewards[$0].status == "Confirmed" }
        guard !claimed.isEmpty else {
            throw SandboxError(500, "ERROR_NO_CONFIRMED_REWARDS", "There are no confirmed rewards")
        }
        for index in claimed { rewards[index].status = "Claimed" }
        return .json(200, ["rewardDeliveryLink": .string("https://rewards.sandbox.example/" + Self.newID(""))])
    }

    private static func isActionCodeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func granted(_ reward: Reward, isReplay: Bool) -> JSON {
        [
            "id": .string(reward.id), "userId": .string(reward.userID), "amount": reward.amount, "type": "Custom",
            "actionCode": .string(reward.actionCode), "clientReference": .string(reward.clientReference),
            "status": .string(reward.status), "dateRewarded": .string(reward.date.wholeSeconds),
            "idempotentReplay": .bool(isReplay),
        ]
    }

    private func listed(_ reward: Reward) -> JSON {
        let owner = users.first { $0.id == reward.userID }?.json
        return [
            "id": .string(reward.id), "status": .string(reward.status), "type": "Custom", "description": .null,
            "actionCode": .string(reward.actionCode), "clientReference": .string(reward.clientReference),
            "vehicleId": .null, "payoutId": .null, "dateRewarded": .string(reward.date.wholeSeconds),
            "amount": reward.amount,
            "owner": [
                "id": .string(reward.userID), "firstName": owner?["firstName"] ?? .null,
                "lastName": owner?["lastName"] ?? .null,
            ],
        ]
    }
}
