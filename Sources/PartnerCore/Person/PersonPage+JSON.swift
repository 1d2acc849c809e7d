// How an export shows what is kept. What is not there is left out.

extension UserLink {
    var json: JSON { ["ownliUserId": .string(ownliUserID), "linkedAt": .string(linkedAt.rfc3339)] }
}

extension ConsentDocuments {
    fileprivate var members: [JSON.Member] {
        [
            JSON.Member("termsUrl", .string(termsURL)), JSON.Member("privacyUrl", .string(privacyURL)),
            JSON.Member("version", .string(version)),
        ]
    }
}

extension Consent {
    func json(endedBy withdrawal: Withdrawal?) -> JSON {
        var json = JSON.object(documents.members)
        json.add("acceptedAt", .string(acceptedAt.rfc3339))
        json.add("withdrawnAt", withdrawal.map { .string($0.withdrawnAt.rfc3339) })
        json.add("keptUntil", keptUntil.map { .string($0.rfc3339) })
        return json
    }
}

extension Withdrawal {
    var json: JSON {
        var json: JSON = [
            "withdrawnAt": .string(withdrawnAt.rfc3339),
            "documents": .array(documents.map { .object($0.members) }),
        ]
        json.add("ownliUserId", ownliUserID.map { .string($0) })
        json.add("keptUntil", keptUntil.map { .string($0.rfc3339) })
        return json
    }
}

extension CreationIntent {
    static func json(_ record: Record) throws(StoreError) -> JSON {
        var json: JSON = ["begunAt": .string(try record.time("begunAt").rfc3339)]
        json.add("keptUntil", record.expires.map { .string($0.rfc3339) })
        return json
    }
}

extension Connection {
    var json: JSON {
        var json: JSON = ["id": .string("\(account.id)")]
        json.add("name", account.name.map { .string($0) })
        json.add("scope", account.scope.map { .string($0) })
        json.add("connectedAt", .string(connectedAt.rfc3339))
        json.add("revokedAt", revokedAt.map { .string($0.rfc3339) })
        return json
    }
}

extension RewardEntry {
    /// Without who asked for it: that names servers of the company's.
    var json: JSON {
        var json: JSON = [
            "ownliUserId": .string(request.userID), "amount": request.amount.dollars,
            "actionCode": .string(request.actionCode), "clientReference": .string(request.clientReference),
            "askedAt": .string(askedAt.rfc3339), "state": .string(state.rawValue),
        ]
        json.add("id", rewardID.map { .string($0) })
        return json
    }
}

extension FoundEvent {
    /// Without what it says.
    var json: JSON {
        var json: JSON = ["sequence": .string(arrival), "state": .string(state.rawValue)]
        json.add("id", id)
        json.add("kind", kind.map { .string($0) })
        json.add("entity", entity.map { .string($0) })
        json.add("connection", account.map { .string("\($0)") })
        json.add("source", source.map { .string($0) })
        json.add("receivedAt", receivedAt.map { .string($0.rfc3339) })
        json.add("keptUntil", record.expires.map { .string($0.rfc3339) })
        return json
    }

    /// A text or a number, as it came.
    private var id: JSON? { event?.event.id.flatMap { try? JSON.parse(Array($0.utf8)) } }
}
