import PartnerCore

/// What an account has subscribed to for the app.
struct OwnerRezSubscription: Sendable {
    let id: Int
    let account: Int
    let kind: OwnerRezKind
    let action: OwnerRezChange.Action
    /// The one category of events that is wanted; nil for all.
    let category: String?
    let url: String
    /// Listed as ever, but nothing comes by it any more: integrations have seen that.
    var isSilent = false

    func isMeant(for change: OwnerRezChange) -> Bool {
        let categories = (change.event?["categories"]?.array ?? []).compactMap { $0.string }
        return !isSilent && account == change.account && kind == change.record.kind && action == change.action
            && (category.map { categories.contains($0) } ?? true)
    }

    func json(_ spelling: Spelling) -> JSON {
        var json: JSON = [
            "id": .integer(id), "type": .string(spelling.text(kind.subscribed)),
            "action": .string(spelling.text(action.rawValue)), "webhook_url": .string(url),
        ]
        json.add("category_type", category.map { .string($0) })
        return json
    }

    /// How types and actions are written: both have been seen.
    enum Spelling: String, Sendable, CaseIterable {
        /// `entity_update`
        case snake
        /// `EntityUpdate`
        case capitalised

        func text(_ name: String) -> String {
            guard self == .capitalised else { return name }
            return name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }
}

extension OwnerRezDouble {
    private static let subscribable = OwnerRezKind.allCases.filter { $0.isToldByWebhook }

    /// `GET /v2/webhooksubscriptions`
    func listSubscriptions(_ request: Request, _ account: Account) throws(OwnerRezAPIError) -> Response {
        let paging = try Paging(request, allowed: [])
        let own = subscriptions.filter { $0.account == account.id }
        return .json(200, paging.page(of: own.map { $0.json(spelling) }))
    }

    /// `GET /v2/webhooksubscriptions/categories`
    func listCategories() -> Response {
        let items = Self.subscribable.map { kind -> JSON in
            [
                "type": .string(spelling.text(kind.subscribed)),
                "actions": .array(OwnerRezChange.Action.allCases.map { .string(spelling.text($0.rawValue)) }),
                "category_types": ["general"],
            ]
        }
        return .json(200, ["items": .array(items)])
    }

    /// `POST /v2/webhooksubscriptions`: another one, even where there is one like it.
    mutating func subscribe(_ request: Request, _ account: Account) throws(OwnerRezAPIError) -> Response {
        let body = try Self.object(of: request)
        for member in body.members ?? []
        where !["webhook_url", "type", "action", "category_type"].contains(member.name) {
            throw .invalid("There is no member \(member.name)")
        }
        let spelling = spelling
        guard let kind = Self.subscribable.first(where: { .string(spelling.text($0.subscribed)) == body["type"] })
        else {
            throw .invalid("type is not known")
        }
        guard
            let action = OwnerRezChange.Action.allCases.first(where: {
                .string(spelling.text($0.rawValue)) == body["action"]
            })
        else { throw .invalid("action is not known") }
        guard let url = body["webhook_url"]?.string, url.hasPrefix("https://") || url.hasPrefix("http://127.0.0.1:")
        else { throw .invalid("webhook_url must be an https address") }
        let category = body["category_type"]?.string
        guard body["category_type"] == nil || category == "general" else {
            throw .invalid("category_type is not known")
        }
        subscriptionsSoFar += 1
        let subscription = OwnerRezSubscription(
            id: 7000 + subscriptionsSoFar, account: account.id, kind: kind, action: action, category: category, url: url
        )
        subscriptions.append(subscription)
        // An address that had failed too often is called again.
        revived.append(url)
        return .json(201, subscription.json(spelling))
    }

    /// `DELETE /v2/webhooksubscriptions/:id`
    mutating func unsubscribe(_ id: String, _ account: Account) throws(OwnerRezAPIError) -> Response {
        guard let index = subscriptions.firstIndex(where: { "\($0.id)" == id && $0.account == account.id }) else {
            throw .notFound
        }
        subscriptions.remove(at: index)
        return Response(status: 204)
    }
}
