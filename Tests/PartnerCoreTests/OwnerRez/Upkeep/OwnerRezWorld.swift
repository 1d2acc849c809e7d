@testable import PartnerCore

/// OwnerRez on loopback, for what upkeep does: lists by pages, subscriptions, and webhooks that are kept until somebody
/// delivers them. Its clock is the world's, and goes on when it is told to.
final class OwnerRezWorld: Sendable {
    static let webhookURL = "https://example.com/webhooks/ownerrez"

    struct Row: Sendable {
        let id: Int
        var version = 1
        let created: Timestamp
        var updated: Timestamp
    }

    struct Subscription: Sendable, Equatable {
        let id: Int
        let account: Int
        let type: String
        let action: String
        let url: String
        let made: Timestamp
        /// Listed as ever, but nothing comes by it.
        var isSilent = false
    }

    /// A webhook that is under way.
    struct Delivery: Sendable {
        let account: Int
        let text: String
    }

    struct Account: Sendable {
        /// In the order in which they are listed.
        var rows: [ReconciledList: [Row]] = [:]
    }

    struct State: Sendable {
        var now: Timestamp
        var accounts: [Int: Account]
        var subscriptions: [Subscription] = []
        var deliveries: [Delivery] = []
        var numbers = 1000
        /// Rows that were changed go to the end of their list.
        var isListedByChange = false
        var pageSize = 100
        /// All events come to the app's address whatever is subscribed.
        var tellsByApp = false
        /// How long a list of subscriptions does not show what was made, in seconds.
        var listLag = 0
        var calls: [String] = []
        /// Answered with this, where it is not nil.
        var refusal: (@Sendable (Request) -> HTTPServer.Reply?)?

        mutating func number() -> Int {
            numbers += 1
            return numbers
        }
    }

    let state: Lock<State>
    /// Is called before a page of an account's list is read: the world goes on meanwhile.
    let beforePage: Lock<(@Sendable (Int, ReconciledList) -> Void)?> = Lock(nil)
    /// Of processes that may be gone, by their User-Agent.
    let processes = Lock<[String: UpkeepProcess]>([:])
    private let server: Lock<HTTPServer?> = Lock(nil)

    init(accounts: [Int], at now: Timestamp) throws {
        var all: [Int: Account] = [:]
        for account in accounts { all[account] = Account() }
        state = Lock(State(now: now, accounts: all))
        let server = try HTTPServer(port: 0, now: { [self] in state.withLock { $0.now } }) { [self] in reply(to: $0) }
        self.server.withLock { $0 = server }
        Thread { server.run() }!.detach()
    }

    func end() { server.withLock { $0 }?.stop() }

    var url: String { "http://127.0.0.1:\(server.withLock { $0!.port })" }

    /// By the millisecond, so that no two things happen at once.
    var now: Timestamp {
        state.withLock { state in
            state.now = state.now.adding(milliseconds: 1)
            return state.now
        }
    }

    func advance(seconds: Int) { state.withLock { $0.now = $0.now.adding(seconds: seconds) } }
}

/// What happens at OwnerRez.
extension OwnerRezWorld.State {
    mutating func create(_ list: ReconciledList, of account: Int) {
        now = now.adding(milliseconds: 1)
        let row = OwnerRezWorld.Row(id: number(), created: now, updated: now)
        accounts[account]?.rows[list, default: []].append(row)
        tell("entity_create", row, in: list, of: account)
    }

    mutating func update(_ index: Int, in list: ReconciledList, of account: Int) {
        now = now.adding(milliseconds: 1)
        guard var row = accounts[account]?.rows[list]?.remove(at: index) else { return }
        row.version += 1
        row.updated = now
        if isListedByChange {
            accounts[account]?.rows[list]?.append(row)
        } else {
            accounts[account]?.rows[list]?.insert(row, at: index)
        }
        tell("entity_update", row, in: list, of: account)
    }

    mutating func delete(_ index: Int, in list: ReconciledList, of account: Int) {
        now = now.adding(milliseconds: 1)
        guard let row = accounts[account]?.rows[list]?.remove(at: index) else { return }
        tell("entity_delete", row, in: list, of: account)
    }

    private mutating func tell(
        _ action: String, _ row: OwnerRezWorld.Row, in list: ReconciledList, of account: Int
    ) {
        guard list != .reviews else { return }
        let ways = subscriptions.filter { subscription in
            !subscription.isSilent && subscription.account == account && subscription.url == OwnerRezWorld.webhookURL
                && subscription.type == list.entityType && subscription.action == action
        }.count
        for _ in 0..<(ways + (tellsByApp ? 1 : 0)) {
            var event: JSON = [
                "id": .integer(number()), "user_id": .integer(account), "action": .string(action),
                "entity_type": .string(list.entityType), "entity_id": .integer(row.id),
            ]
            if action != "entity_delete" { event.add("entity", row.json(in: list)) }
            deliveries.append(
                OwnerRezWorld.Delivery(account: account, text: String(decoding: event.text, as: UTF8.self)))
        }
    }
}

extension OwnerRezWorld.Row {
    /// Guests and inquiries do not say when they were changed.
    func json(in list: ReconciledList) -> JSON {
        var json: JSON = ["id": .integer(id), "version": .integer(version), "guest": "Ada Lovelace"]
        switch list {
        case .bookings, .quotes, .reviews:
            // Seven digits, as OwnerRez writes them.
            json.add("updated_utc", .string(String(updated.rfc3339.dropLast()) + "0000Z"))
        case .guests: json.add("created_utc", .string(created.rfc3339))
        case .inquiries: break
        }
        return json
    }
}

/// On the wire.
extension OwnerRezWorld {
    private func reply(to request: Request) -> HTTPServer.Reply {
        let process = processes.withLock { $0[request.headers["User-Agent"] ?? ""] }
        // Nobody hears what is said to the dead.
        if process?.isDead == true { return gone }
        let outcome = process?.step() ?? .lives
        if outcome == .diesBefore { return gone }
        if let meanwhile = beforePage.withLock({ $0 }), let list = ReconciledList(exactly: request.path.lastPart),
            let account = request.account
        {
            meanwhile(account, list)
        }
        let reply = state.withLock { state -> HTTPServer.Reply in
            state.calls.append("\(request.method) \(request.path)")
            if let refusal = state.refusal?(request) { return refusal }
            return state.answer(request, at: url)
        }
        return outcome == .diesAfter ? gone : reply
    }

    /// It is not tried again, as nothing of the dead is.
    private var gone: HTTPServer.Reply { .response(Response(status: 302)) }
}

extension Request {
    /// Whose token it is: `at_7`.
    fileprivate var account: Int? {
        headers["Authorization"].flatMap { $0.hasPrefix("Bearer at_") ? Int($0.dropFirst(10)) : nil }
    }
}

extension String {
    fileprivate var lastPart: String { split(separator: "/").last.map { String($0) } ?? "" }
}

extension OwnerRezWorld.State {
    fileprivate mutating func answer(_ request: Request, at url: String) -> HTTPServer.Reply {
        let segments = request.path.split(separator: "/").map { String($0) }
        guard segments.count >= 2, segments[0] == "v2", let account = request.account, accounts[account] != nil
        else { return json(401, #"{"code":"invalid_token"}"#) }
        if segments[1] == "webhooksubscriptions" {
            return subscriptions(request, segments.count > 2 ? segments[2] : nil, account)
        }
        guard request.method == "GET", let list = ReconciledList(exactly: segments[1]),
            let query = try? request.queryItems()
        else { return json(404, "{}") }
        return page(of: list, account, query, at: url)
    }

    private func page(
        of list: ReconciledList, _ account: Int, _ query: QueryItems, at url: String
    ) -> HTTPServer.Reply {
        let name = list == .guests ? "created_since_utc" : "since_utc"
        guard let text = try? query.single(name), let since = Timestamp(rfc3339: text) else { return json(400, "{}") }
        let offset = ((try? query.single("offset")) ?? nil).flatMap { Int($0) } ?? 0
        let rows = (accounts[account]?.rows[list] ?? []).filter { (list == .guests ? $0.created : $0.updated) >= since }
        let next = offset + pageSize
        let link = "\(url)/v2/\(list.rawValue)?\(name)=\(percentEncoded(text))&limit=100&offset=\(next)"
        let answer: JSON = [
            "items": .array(rows.dropFirst(offset).prefix(pageSize).map { $0.json(in: list) }),
            "next_page_url": next < rows.count ? .string(link) : .null,
        ]
        return json(200, String(decoding: answer.text, as: UTF8.self))
    }

    private mutating func subscriptions(_ request: Request, _ id: String?, _ account: Int) -> HTTPServer.Reply {
        switch (request.method, id) {
        case ("GET", nil):
            let items = subscriptions.filter { $0.account == account && $0.made.adding(seconds: listLag) <= now }
                .map { $0.json }
            return json(200, String(decoding: (["items": .array(items)] as JSON).text, as: UTF8.self))
        case ("GET", "categories"): return json(200, #"{"items":[]}"#)
        case ("POST", nil):
            guard let body = try? JSON.parse(request.body), let type = body["type"]?.string,
                let action = body["action"]?.string, let url = body["webhook_url"]?.string
            else { return json(400, "{}") }
            let subscription = OwnerRezWorld.Subscription(
                id: number(), account: account, type: type, action: action, url: url, made: now)
            subscriptions.append(subscription)
            return json(201, String(decoding: subscription.json.text, as: UTF8.self))
        case ("DELETE", let id?):
            guard let index = subscriptions.firstIndex(where: { $0.account == account && "\($0.id)" == id }) else {
                return json(404, "{}")
            }
            subscriptions.remove(at: index)
            return .response(Response(status: 204))
        default: return json(404, "{}")
        }
    }
}

extension OwnerRezWorld.Subscription {
    fileprivate var json: JSON {
        [
            "id": .integer(id), "type": .string(type), "action": .string(action), "webhook_url": .string(url),
        ]
    }
}
