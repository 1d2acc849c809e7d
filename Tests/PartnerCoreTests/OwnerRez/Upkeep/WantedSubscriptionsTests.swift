import Testing

@testable import PartnerCore

private let url = "https://example.com/webhooks/ownerrez"

@Suite("What is to be subscribed to")
struct WantedSubscriptionsTests {
    private func read(_ environment: [String: String]) -> (WantedSubscriptions, [SettingsReader.Problem]) {
        var settings = SettingsReader(Environment(environment))
        return (settings.wantedSubscriptions().wanted, settings.problems)
    }

    @Test("is a list of kinds, in either spelling")
    func list() throws {
        let wanted = try #require(
            WantedSubscriptions("booking:entity_create, entity_update,entity_delete ; Guest:EntityCreate"))
        #expect(
            wanted.kinds.map { $0.type + ":" + $0.action } == [
                "booking:entity_create", "booking:entity_update", "booking:entity_delete", "guest:entity_create",
            ])
        #expect(wanted.contains("Booking", "EntityUpdate"))
        #expect(!wanted.contains("guest", "entity_update"))
        #expect(inSnakeCase("ThreadMessage") == "thread_message")
        #expect(inSnakeCase("thread_message") == "thread_message")
    }

    @Test(
        "stops the start where it cannot be meant",
        arguments: [
            "booking", "booking:", ":entity_update", "booking:entity_update;", "booking:entity_updated",
            "booking:entity_update,", "booking:entity_update,EntityUpdate", "boo king:entity_update",
            "booking:entity_update;Booking:entity_update", "booking:entity_update:entity_delete", ";", ",",
            "bo\u{212A}ing:entity_update",
        ])
    func wrong(text: String) {
        #expect(WantedSubscriptions(text) == nil)
        #expect(read(["OWNERREZ_SUBSCRIPTIONS": text, "OWNERREZ_WEBHOOK_URL": url]).1.count == 1)
    }

    @Test("needs our address, and one that OwnerRez could call")
    func address() {
        #expect(read([:]).0.isEmpty)
        #expect(read([:]).1 == [])
        let wanted = ["OWNERREZ_SUBSCRIPTIONS": "booking:entity_update"]
        #expect(read(wanted).1.map { $0.name } == ["OWNERREZ_WEBHOOK_URL"])
        for address in ["http://example.com/x", "https://example.com/x?y", "https://u:p@example.com/x", "", "x"] {
            let (_, problems) = read(wanted.merging(["OWNERREZ_WEBHOOK_URL": address]) { $1 })
            #expect(problems.map { $0.name } == ["OWNERREZ_WEBHOOK_URL"], "\(address)")
        }
        #expect(read(wanted.merging(["OWNERREZ_WEBHOOK_URL": url]) { $1 }).1 == [])
    }
}

@Suite("An account's subscriptions")
struct SubscriptionChangesTests {
    private let wanted = WantedSubscriptions("booking:entity_create,entity_update")!

    private func row(_ id: Int, _ type: String, _ action: String, at address: String = url) throws -> SubscriptionRow {
        try #require(
            SubscriptionRow(
                ["id": .integer(id), "type": .string(type), "action": .string(action), "webhook_url": .string(address)])
        )
    }

    @Test("are made where they are missing, in the wanted order")
    func missing() throws {
        let changes = SubscriptionChanges(from: [], to: wanted, at: url)
        #expect(changes.missing == wanted.kinds)
        #expect(changes.surplus == [])
    }

    @Test("stay as they are where they are right, in either spelling")
    func right() throws {
        let rows = [try row(1, "Booking", "EntityCreate"), try row(2, "booking", "entity_update")]
        let changes = SubscriptionChanges(from: rows, to: wanted, at: url)
        #expect(changes.missing == [])
        #expect(changes.surplus == [])
    }

    @Test("go where they are doubles or not wanted, while others' are never touched")
    func surplus() throws {
        let other = "https://example.com/webhooks/ownerrez/"
        let partial = try #require(
            SubscriptionRow([
                "id": 6, "type": "booking", "action": "entity_update", "webhook_url": .string(url),
                "category_type": "general",
            ]))
        let rows = [
            partial, try row(1, "booking", "entity_create"), try row(2, "Booking", "entity_create"),
            try row(3, "guest", "entity_update"), try row(4, "booking", "entity_update", at: other),
            try row(5, "", ""),
        ]
        let changes = SubscriptionChanges(from: rows, to: wanted, at: url)
        #expect(changes.surplus.map { $0.id } == ["6", "2", "3", "5"])
        #expect(changes.missing == [WantedSubscriptions.Kind(type: "booking", action: "entity_update")])
        #expect(SubscriptionChanges(from: rows, to: .none, at: url).surplus.count == 5)
    }

    @Test("are read only where they can be addressed")
    func rows() {
        let named: JSON = ["id": "7a-1", "webhook_url": "https://x"]
        #expect(SubscriptionRow(named)?.id == "7a-1")
        for id: JSON in ["a/b", "", "..", "a b", .null, .bool(true), .string(String(repeating: "1", count: 65))] {
            #expect(SubscriptionRow(["id": id, "webhook_url": "https://x"]) == nil)
        }
        #expect(SubscriptionRow(["id": 7]) == nil)
    }

    @Test("are spelled as the list or the categories have them")
    func spelling() throws {
        let kind = WantedSubscriptions.Kind(type: "booking", action: "entity_update")
        var spelling = SubscriptionSpelling()
        #expect(!spelling.knows(kind))
        #expect(
            String(decoding: spelling.body(kind, url: url).text, as: UTF8.self)
                == #"{"webhook_url":"https://example.com/webhooks/ownerrez","type":"booking","action":"entity_update"}"#
        )
        spelling.learn(from: [try row(1, "Guest", "EntityUpdate", at: "https://others")])
        #expect(!spelling.knows(kind))
        spelling.learn(from: ["items": [["type": "Booking", "actions": ["EntityCreate"]]]])
        #expect(spelling.knows(kind))
        #expect(
            String(decoding: spelling.body(kind, url: url).text, as: UTF8.self)
                == #"{"webhook_url":"https://example.com/webhooks/ownerrez","type":"Booking","action":"EntityUpdate"}"#)
    }

    @Test("that we made are remembered until a list shows them")
    func memory() {
        var memory = SubscriptionMemory()
        let kinds = wanted.kinds
        memory.wanted = wanted.digest(url: url)
        memory.settledAt = Timestamp(epochSeconds: 1)
        memory.madeAt = Timestamp(epochSeconds: 2)
        memory.made = kinds.map { SubscriptionMemory.Made(kind: $0, id: "7001") }
        let record = Record(
            key: RecordKey(partition: "p", sort: "s"), attributes: memory.attributes, revision: 1)
        #expect(SubscriptionMemory(record) == memory)
        #expect(memory.attributes["made"] == #"{"booking:entity_create":"7001","booking:entity_update":"7001"}"#)
        memory.forget(kinds[0])
        #expect(memory.id(of: kinds[0]) == nil)
        #expect(memory.id(of: kinds[1]) == "7001")
        let broken = Record(
            key: RecordKey(partition: "p", sort: "s"), attributes: ["made": "{", "madeAt": "x"], revision: 1)
        #expect(SubscriptionMemory(broken) == SubscriptionMemory())
        #expect(wanted.digest(url: url) != wanted.digest(url: url + "2"))
    }
}
