import PartnerCore
import Testing

@testable import PartnerDev

@Suite("Subscriptions at OwnerRez's double, and what comes by them")
struct OwnerRezSubscriptionTests {
    private func with(_ body: (WebhookReceiver, OwnerRezClient) throws -> Void) throws {
        try WebhookReceiver.with([200]) { receiver, sandbox in try body(receiver, OwnerRezClient(sandbox)) }
    }

    private func subscribe(
        _ ownerRez: OwnerRezClient, _ url: String, type: String = "booking", action: String = "entity_update"
    ) throws -> SandboxClient.Answer {
        try ownerRez.send(
            "POST", "webhooksubscriptions", #"{"webhook_url":"\#(url)","type":"\#(type)","action":"\#(action)"}"#)
    }

    private func hook(_ receiver: WebhookReceiver) -> String { "http://127.0.0.1:\(receiver.port)/subscribed" }

    /// What came meanwhile: path and action.
    private func came(_ receiver: WebhookReceiver, _ ownerRez: OwnerRezClient, after count: Int = 0) throws -> [String]
    {
        _ = try ownerRez.settle()
        return receiver.requests.dropFirst(count).map { request in
            "\(request.path) \((try? JSON.parse(request.body))?["action"]?.string ?? "")"
        }
    }

    @Test("subscriptions are made, listed and deleted by each account for itself; the same twice is two")
    func books() throws {
        try with { receiver, ownerRez in
            let other = try OwnerRezClient(ownerRez.sandbox, account: 8)
            let made = try subscribe(ownerRez, "https://partner.example/hook")
            #expect(made.status == 201)
            let text =
                #"{"id":7001,"type":"booking","action":"entity_update","webhook_url":"https://partner.example/hook"}"#
            #expect(made.text == text)
            #expect(try subscribe(ownerRez, "https://partner.example/hook").json["id"] == 7002)
            let list = try ownerRez.send("GET", "webhooksubscriptions")
            #expect(list.text.hasPrefix(#"{"items":[\#(text),{"id":7002,"#))
            #expect(try other.ids("webhooksubscriptions") == [])
            #expect(try other.send("DELETE", "webhooksubscriptions/7001").status == 404)
            #expect(try ownerRez.send("DELETE", "webhooksubscriptions/7001").status == 204)
            #expect(try ownerRez.send("DELETE", "webhooksubscriptions/7001").status == 404)
            #expect(try ownerRez.ids("webhooksubscriptions") == [7002])
            #expect(
                try ownerRez.control("subscriptions")["subscriptions"]?.array?.map { $0["user_id"] } == [347_482_730])
        }
    }

    @Test("types and actions are taken as the account spells them, and as nothing else")
    func spelling() throws {
        try with { receiver, ownerRez in
            for (type, action) in [("Booking", "EntityUpdate"), ("booking", "updated"), ("castle", "entity_update")] {
                #expect(try subscribe(ownerRez, "https://a.example/", type: type, action: action).status == 400)
            }
            for url in ["http://partner.example/hook", "partner.example", ""] {
                #expect(try subscribe(ownerRez, url).status == 400)
            }
            #expect(try ownerRez.send("POST", "webhooksubscriptions", #"{"colour":"red"}"#).status == 400)
            try ownerRez.set(#"{"spelling":"capitalised"}"#)
            #expect(try subscribe(ownerRez, "https://a.example/").status == 400)
            let made = try subscribe(ownerRez, "https://a.example/", type: "Booking", action: "EntityUpdate")
            #expect(made.status == 201 && made.json["action"] == "EntityUpdate")
            let first = try ownerRez.get("webhooksubscriptions/categories")["items"]?.array?.first
            #expect(
                first?["type"] == "Booking" && first?["actions"] == ["EntityCreate", "EntityUpdate", "EntityDelete"])
        }
    }

    @Test("what changes is told of, with the record as a list has it; what is deleted has no record any more")
    func events() throws {
        try with { receiver, ownerRez in
            try ownerRez.set(#"{"deliver":"setting"}"#)
            let id = try #require(try ownerRez.send("POST", "bookings", #"{"status":"pending"}"#).json["id"]?.integer)
            _ = try came(receiver, ownerRez)
            _ = try ownerRez.send("PATCH", "bookings/\(id)", #"{"status":"active"}"#)
            _ = try came(receiver, ownerRez)
            let row = try ownerRez.get("bookings/\(id)")
            _ = try ownerRez.send("DELETE", "bookings/\(id)")
            #expect(
                try came(receiver, ownerRez) == ["/hook entity_create", "/hook entity_update", "/hook entity_delete"])
            let update = try JSON.parse(receiver.requests[1].body)
            let names = ["id", "user_id", "action", "entity_type", "entity_id", "categories", "entity"]
            #expect(update.members?.map { $0.name } == names && update["user_id"] == 347_482_730)
            #expect(
                update["entity"] == row && update["entity_id"] == .integer(id) && update["entity_type"] == "booking")
            #expect(try JSON.parse(receiver.requests[2].body).members?.map { $0.name } == Array(names.prefix(5)))
            let told = try ownerRez.control("changes")["changes"]?.array ?? []
            #expect(told.map { $0["event"] } == receiver.requests.map { try? JSON.parse($0.body) })
            try ownerRez.create("review")
            #expect(try came(receiver, ownerRez).count == 3, "no webhook tells of a review")
        }
    }

    @Test("an event comes by the setting, by what is subscribed to, or by both, then under one id or two")
    func ways() throws {
        try with { receiver, ownerRez in
            let id = try ownerRez.create(count: 1, #","lost":true"#)[0]
            #expect(try subscribe(ownerRez, hook(receiver)).status == 201)
            let update = #"{"do":"update","type":"booking","id":\#(id)}"#
            try ownerRez.change(update)
            #expect(try came(receiver, ownerRez) == ["/hook entity_update", "/subscribed entity_update"])
            #expect(receiver.bodies[0] == receiver.bodies[1])
            #expect(receiver.requests[1].headers.all("Authorization") == ["Basic dTpwOnE="])
            try ownerRez.set(#"{"ids":"different"}"#)
            try ownerRez.change(update)
            _ = try came(receiver, ownerRez)
            let (left, right) = (try JSON.parse(receiver.requests[2].body), try JSON.parse(receiver.requests[3].body))
            #expect(left["id"] != right["id"] && left["entity"] == right["entity"])
            try ownerRez.set(#"{"deliver":"subscriptions"}"#)
            try ownerRez.change(update + #",{"do":"delete","type":"booking","id":\#(id)}"#)
            #expect(try came(receiver, ownerRez, after: 4) == ["/subscribed entity_update"], "the delete is not wanted")
        }
    }

    @Test("what is told may get lost, come in copies, or in another order")
    func losses() throws {
        try with { receiver, ownerRez in
            let id = try ownerRez.create(count: 1, #","lost":true"#)[0]
            let update = #"{"do":"update","type":"booking","id":\#(id)}"#
            try ownerRez.change("\(update),\(update)", #","copies":2,"reversed":true"#)
            _ = try came(receiver, ownerRez)
            let told = try ownerRez.control("changes")["changes"]?.array?.map { $0["event"]?["id"]?.string ?? "" } ?? []
            let ids = receiver.requests.compactMap { (try? JSON.parse($0.body))?["id"]?.string }
            #expect(ids == [told[2], told[2], told[1], told[1]])
            try ownerRez.set(#"{"lost":true}"#)
            try ownerRez.change(update)
            _ = try ownerRez.sandbox.send(
                "POST", "/_sandbox/ownerrez/revocations", body: #"{"user_id":347482730}"#)
            #expect(try came(receiver, ownerRez).count == 4)
        }
    }

    @Test("subscriptions that are silent are listed as ever, and made anew they work again")
    func silence() throws {
        try with { receiver, ownerRez in
            try ownerRez.set(#"{"deliver":"subscriptions"}"#)
            let id = try ownerRez.create()[0]
            _ = try subscribe(ownerRez, hook(receiver))
            _ = try ownerRez.sandbox.send("POST", "/_sandbox/ownerrez/silence", body: #"{"user_id":347482730}"#)
            let update = #"{"do":"update","type":"booking","id":\#(id)}"#
            try ownerRez.change(update)
            #expect(try came(receiver, ownerRez) == [])
            #expect(try ownerRez.ids("webhooksubscriptions") == [7001])
            _ = try ownerRez.send("DELETE", "webhooksubscriptions/7001")
            _ = try subscribe(ownerRez, hook(receiver))
            try ownerRez.change(update)
            #expect(try came(receiver, ownerRez) == ["/subscribed entity_update"])
        }
    }

    @Test("an address that is not called any more is called again once it is subscribed to anew")
    func revival() throws {
        try WebhookReceiver.with(Array(repeating: 500, count: 10) + [200]) { receiver, sandbox in
            let ownerRez = try OwnerRezClient(sandbox)
            try ownerRez.set(#"{"deliver":"subscriptions"}"#)
            let id = try ownerRez.create()[0]
            _ = try subscribe(ownerRez, hook(receiver))
            let update = #"{"do":"update","type":"booking","id":\#(id)}"#
            try ownerRez.change(update)
            #expect(try came(receiver, ownerRez).count == 10)
            #expect(try ownerRez.settle()["disabled"] == true)
            try ownerRez.change(update)
            #expect(try came(receiver, ownerRez).count == 10)
            _ = try subscribe(ownerRez, hook(receiver), action: "entity_delete")
            try ownerRez.change(update)
            #expect(try came(receiver, ownerRez).count == 11)
        }
    }

    @Test("nobody is told of an account that has not let the app in, but by what is still subscribed to")
    func disconnected() throws {
        try with { receiver, ownerRez in
            let id = try ownerRez.create(count: 1, #","lost":true"#)[0]
            _ = try subscribe(ownerRez, hook(receiver))
            _ = try ownerRez.sandbox.send(
                "POST", "/_sandbox/ownerrez/revocations", body: #"{"user_id":347482730}"#)
            #expect(try came(receiver, ownerRez) == ["/hook application_authorization_revoked"])
            try ownerRez.change(#"{"do":"update","type":"booking","id":\#(id)}"#)
            #expect(try came(receiver, ownerRez, after: 1) == ["/subscribed entity_update"])
        }
    }

    @Test("a change that is not understood changes nothing")
    func badChanges() throws {
        try with { receiver, ownerRez in
            for change in [
                #"{"do":"make","type":"booking"}"#, #"{"do":"create","type":"castle"}"#, "1",
                #"{"do":"update","type":"booking","id":1}"#, #"{"do":"create","type":"booking","fields":[]}"#,
                #"{"do":"create","type":"booking","updated_utc":"now"}"#,
                #"{"do":"create","type":"booking","count":0}"#,
            ] {
                let body = #"{"user_id":347482730,"changes":[\#(change)]}"#
                #expect(try ownerRez.sandbox.send("POST", "/_sandbox/ownerrez/changes", body: body).status == 400)
            }
            try #expect(ownerRez.control("records?user_id=347482730")["bookings"] == [])
            #expect(try ownerRez.control("changes")["changes"] == [])
        }
    }
}
