import PartnerCore

extension Reward {
    /// The answer, with the names that Ownli has for the fields.
    var json: JSON {
        var json: JSON = [
            "id": .string(id), "userId": .string(request.userID), "amount": request.amount.dollars,
            "actionCode": .string(actionCode), "clientReference": .string(request.clientReference),
            "status": .string(status),
        ]
        json.add("dateRewarded", dateRewarded.map { .string($0) })
        json.add("idempotentReplay", .bool(isReplay))
        return json
    }
}
