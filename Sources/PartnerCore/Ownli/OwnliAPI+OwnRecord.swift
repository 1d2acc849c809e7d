/// What a person asks of Ownli about themselves: of whom they are linked to, and of nobody else.
extension OwnliAPI {
    /// Their rewards: `GET /api/users/by-id/:id/rewards`, which answers a bare array. Of each only the fields that the
    /// reference names are taken over.
    ///
    /// - Returns: `[{"id","status","type"?,"description"?,"actionCode"?,"clientReference"?,"vehicleId"?,"payoutId"?,
    ///   "dateRewarded"?,"amount"?}]`
    public func rewards(of link: UserLink, in invocation: Invocation) throws(FunctionError) -> JSON {
        do throws(OwnliError) {
            let path = try link.path + "/rewards"
            let answer = try readAsUser("GET /api/users/by-id/:id/rewards", path, in: invocation)
            guard let rewards = answer.array else { throw .unexpectedAnswer("no list of rewards") }
            var own: [JSON] = []
            for reward in rewards { own.append(try Self.own(reward)) }
            return .array(own)
        } catch { throw error.functionError }
    }

    private static func own(_ reward: JSON) throws(OwnliError) -> JSON {
        guard reward["id"]?.string != nil, reward["status"]?.string != nil else {
            throw .unexpectedAnswer("a reward without its id or status")
        }
        var json: JSON = [:]
        for name in [
            "id", "status", "type", "description", "actionCode", "clientReference", "vehicleId", "payoutId",
            "dateRewarded",
        ] {
            json.add(name, reward[name]?.string.map { .string($0) })
        }
        json.add("amount", reward["amount"].flatMap { Cents(dollars: $0) }?.dollars)
        return json
    }

    /// Claims what is confirmed: `POST /api/users/by-id/:id/rewards/claim?product=..&language=..`. The reference does not
    /// say that it may be repeated, so it is sent once. Where no answer comes it may have been claimed all the same.
    ///
    /// - Parameters:
    ///   - product: the id of one of Ownli's products, what it is paid out as.
    ///   - language: Ownli's `en` if nil.
    /// - Returns: Ownli's `rewardDeliveryLink`, where the person takes it. Whoever has it can: it is a secret.
    public func claimRewards(
        of link: UserLink, product: String, language: String?, in invocation: Invocation
    ) throws(FunctionError) -> Secret {
        do throws(OwnliError) {
            var path = try link.path + "/rewards/claim?product=" + percentEncoded(product)
            if let language { path += "&language=" + percentEncoded(language) }
            let answer = try sendOnceAsUser("POST /api/users/by-id/:id/rewards/claim", "POST", path, in: invocation)
            guard let link = answer["rewardDeliveryLink"]?.string, isWebAddress(link) else {
                throw .unexpectedAnswer("no rewardDeliveryLink")
            }
            return Secret(link)
        } catch { throw error.claimError }
    }
}

extension UserLink {
    /// Ownli made the id and says nothing of what it is made of: it stays one segment, whatever it is.
    fileprivate var path: String {
        get throws(OwnliError) {
            guard ![".", ".."].contains(where: { $0 == ownliUserID }) else {
                throw .unexpectedAnswer("an id of a user that is no name in a path")
            }
            return "/api/users/by-id/" + percentEncoded(ownliUserID)
        }
    }
}

/// It is opened by whoever is given it: nothing but https, and nothing that ends early in a page or a header.
private func isWebAddress(_ text: String) -> Bool {
    let rest = text.utf8.dropFirst(8)
    return text.hasPrefix("https://") && text.utf8.count <= 2_048 && rest.first?.isASCIIAlphanumeric == true
        && rest.allSatisfy { $0.isASCIIVisible && !"\"<>\\`".utf8.contains($0) }
}
