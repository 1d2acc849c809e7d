import Foundation
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The lists of OwnerRez's double")
struct OwnerRezListTests {
    private func with(_ body: (OwnerRezClient) throws -> Void) throws {
        try SandboxClient.with { try body(OwnerRezClient($0)) }
    }

    /// The path and the query of the next page, below /v2/.
    private func next(_ page: JSON, _ ownerRez: OwnerRezClient) throws -> String {
        let url = try #require(page["next_page_url"]?.string)
        let base = "http://127.0.0.1/v2/"
        #expect(url.hasPrefix(base), "on the host that was asked: \(url)")
        return String(url.dropFirst(base.count))
    }

    @Test(
        "a list wants the parameters that say which records are meant",
        arguments: [
            ("bookings", "since_utc or property_ids is required"), ("guests", "q or created_since_utc is required"),
            ("inquiries", "since_utc is required"), ("quotes", "since_utc is required"),
            ("reviews", "since_utc is required"),
        ])
    func required(list: String, message: String) throws {
        try with { ownerRez in
            let answer = try ownerRez.send("GET", list)
            #expect(
                answer.text == #"{"messages":["\#(message)"],"code":"bad_request","#
                    + #""doc_url":"https://api.ownerrez.com/help","status":"bad_request","status_code":400}"#)
            #expect(answer.status == 400)
        }
    }

    @Test("one that is asked as documented answers an empty page, and properties are there from the start")
    func empty() throws {
        try with { ownerRez in
            for list in [
                "bookings?since_utc=2026-01-01T00%3A00%3A00Z", "bookings?property_ids=1,2", "guests?q=lee",
                "guests?created_since_utc=2026-01-01", "inquiries?since_utc=2026-01-01T00:00:00",
                "quotes?since_utc=2026-01-01T00:00:00.1234567Z", "reviews?since_utc=2026-01-01T00:00:00%2B02:00",
            ] {
                let answer = try ownerRez.send("GET", list)
                #expect(answer.text == #"{"items":[],"limit":20,"offset":0,"next_page_url":null}"#, "\(list)")
            }
            let property = try #require(try ownerRez.get("properties")["items"]?.array?.first)
            #expect(property["name"] == "Seaside Cottage")
        }
    }

    @Test(
        "what is not documented is refused",
        arguments: [
            "bookings?since_utc=yesterday", "bookings?since_utc=2026-13-01T00:00:00Z", "bookings?since=2026-01-01",
            "bookings?since_utc=2026-01-01&since_utc=2026-01-01", "bookings?since_utc=2026-01-01&limit=0",
            "bookings?since_utc=2026-01-01&limit=101", "bookings?since_utc=2026-01-01&limit=07",
            "bookings?since_utc=2026-01-01&offset=-1", "bookings?property_ids=1,,2", "bookings?since_utc",
            "properties?since_utc=2026-01-01", "guests?since_utc=2026-01-01", "users/me?a=b",
            "webhooksubscriptions?type=booking", "bookings/1?limit=1",
        ])
    func refused(list: String) throws {
        try with { try #expect($0.send("GET", list).status == 400) }
    }

    @Test("a list comes in pages of 20, or of 100 where that is asked for, and says where the next one is")
    func pages() throws {
        try with { ownerRez in
            let ids = try ownerRez.create(count: 130)
            let first = try ownerRez.get("bookings?since_utc=2026-01-01T00%3A00%3A00Z")
            #expect(OwnerRezClient.ids(first) == Array(ids[..<20]) && first["limit"] == 20 && first["offset"] == 0)
            let following = try next(first, ownerRez)
            #expect(following == "bookings?since_utc=2026-01-01T00%3A00%3A00Z&limit=20&offset=20")
            #expect(try ownerRez.ids(following) == Array(ids[20..<40]))
            let hundred = try ownerRez.get("bookings?since_utc=2026-01-01&limit=100")
            let last = try ownerRez.get(next(hundred, ownerRez))
            #expect(OwnerRezClient.ids(hundred) + OwnerRezClient.ids(last) == ids)
            #expect(last["next_page_url"] == .null && last["offset"] == 100)
        }
    }

    @Test("since_utc lists what has changed since, to the tick; created_since_utc what was made since")
    func since() throws {
        try with { ownerRez in
            let old = #"{"do":"create","type":"booking","updated_utc":"2026-03-01T10:00:00.1234567Z"}"#
            let guest = #"{"do":"create","type":"guest","updated_utc":"2026-03-01T10:00:00Z"}"#
            let ids = try ownerRez.change("\(old),\(guest)")
            #expect(try ownerRez.ids("bookings?since_utc=2026-03-01T10:00:00.1234567Z") == [ids[0]])
            #expect(try ownerRez.ids("bookings?since_utc=2026-03-01T10:00:00.1234568Z") == [])
            #expect(try ownerRez.ids("bookings?since_utc=2026-03-01T12:00:00%2B02:00") == [ids[0]])
            try ownerRez.change(
                #"{"do":"update","type":"booking","id":\#(ids[0])},{"do":"update","type":"guest","id":\#(ids[1])}"#)
            #expect(try ownerRez.ids("bookings?since_utc=2026-03-02") == [ids[0]])
            #expect(try ownerRez.ids("guests?created_since_utc=2026-03-01") == [ids[1]])
            #expect(try ownerRez.ids("guests?created_since_utc=2026-03-02") == [], "a change makes nothing newer")
        }
    }

    @Test("rows of bookings, quotes and reviews say when they changed, others do not; two changes have two times")
    func updated() throws {
        try with { ownerRez in
            let changes = ["booking", "quote", "review", "inquiry"].map { type in
                #"{"do":"create","type":"\#(type)","fields":{"a":1},"updated_utc":"2026-03-01T10:00:00.5Z"}"#
            }
            try ownerRez.change(changes.joined(separator: ","))
            for (list, names) in [
                ("bookings", ["id", "a", "updated_utc"]), ("quotes", ["id", "a", "updated_utc"]),
                ("reviews", ["id", "a", "updated_utc"]), ("inquiries", ["id", "a"]),
            ] {
                let row = try #require(try ownerRez.get("\(list)?since_utc=2026-03-01")["items"]?.array?.first)
                #expect(row.members?.map { $0.name } == names)
                #expect(names.count == 2 || row["updated_utc"] == "2026-03-01T10:00:00.5000000Z")
            }
            func shown() throws -> String? {
                try ownerRez.get("bookings?since_utc=2026-03-01")["items"]?.array?.first?["updated_utc"]?.string
            }
            try ownerRez.set(#"{"times":"seconds"}"#)
            #expect(try shown() == "2026-03-01T10:00:00Z")
            try ownerRez.set(#"{"times":"zoneless"}"#)
            #expect(try shown() == "2026-03-01T10:00:00.5000000")

            let id = try ownerRez.create()[0]
            let update = #"{"do":"update","type":"booking","id":\#(id)}"#
            try ownerRez.change(Array(repeating: update, count: 20).joined(separator: ","))
            let times = try ownerRez.control("changes")["changes"]?.array?.suffix(21).map { $0["time"]?.string ?? "" }
            #expect(times?.sorted() == times && Set(times ?? []).count == 21)
        }
    }

    @Test("a list may have any order, and what changes while it is paged moves")
    func order() throws {
        try with { ownerRez in
            let ids = try ownerRez.create(count: 4)
            try ownerRez.set(#"{"order":"updated"}"#)
            let list = "bookings?since_utc=2026-01-01&limit=2"
            let update = #"{"do":"update","type":"booking","id":\#(ids[0])}"#
            try ownerRez.change(update, #","after":"GET /v2/bookings""#)
            let first = try ownerRez.get(list)
            #expect(OwnerRezClient.ids(first) == [ids[0], ids[1]], "the change comes after the page")
            #expect(try ownerRez.ids(next(first, ownerRez)) == [ids[3], ids[0]], "and who pages on misses the third")
            try ownerRez.set(#"{"order":"newest"}"#)
            #expect(try ownerRez.ids(list) == [ids[0], ids[3]])
        }
    }

    @Test("messages and listings need an agreement with OwnerRez")
    func agreements() throws {
        try with { ownerRez in
            for list in ["messages?since_utc=2026-01-01", "messages/1", "listings"] {
                let answer = try ownerRez.send("GET", list)
                #expect(answer.status == 403 && answer.json["code"] == "forbidden")
            }
            try ownerRez.set(#"{"agreement":true}"#)
            #expect(try ownerRez.send("GET", "messages").status == 400)
            #expect(try ownerRez.ids("messages?since_utc=2026-01-01") == [])
            #expect(try ownerRez.ids("listings").count == 1)
        }
    }

    @Test("an account sees its own records only; an app without a User-Agent or a living token sees none")
    func accounts() throws {
        try SandboxClient.with { sandbox in
            let mine = try OwnerRezClient(sandbox)
            let other = try OwnerRezClient(sandbox, account: 7)
            let id = try mine.create()[0]
            #expect(try mine.get("users/me")["id"] == 347_482_730 && other.get("users/me")["name"] == "Account 7")
            #expect(try other.ids("bookings?since_utc=2026-01-01") == [])
            #expect(try other.send("GET", "bookings/\(id)").json["code"] == "not_found")
            let nameless = try sandbox.send("GET", "/v2/bookings/\(id)", token: mine.token)
            #expect(nameless.status == 403)
            let nobody = try sandbox.send("GET", "/v2/bookings/\(id)", headers: "User-Agent: Tests/1.0\r\n")
            #expect(nobody.status == 401 && nobody.json["code"] == "unauthorized")
            #expect(try mine.send("GET", "castles").json["code"] == "not_found")
        }
    }

    @Test("bookings and guests are made, changed and deleted over the API")
    func writing() throws {
        try with { ownerRez in
            let made = try ownerRez.send("POST", "bookings", #"{"status":"pending","property_id":3}"#)
            #expect(made.status == 201)
            let id = try #require(made.json["id"]?.integer)
            let before = try #require(made.json["updated_utc"]?.string)
            let changed = try ownerRez.send("PATCH", "bookings/\(id)", #"{"status":"active"}"#)
            #expect(changed.status == 200 && changed.json["status"] == "active" && changed.json["property_id"] == 3)
            #expect(try #require(changed.json["updated_utc"]?.string) > before)
            #expect(try ownerRez.get("bookings/\(id)") == changed.json)
            #expect(try ownerRez.ids("bookings?property_ids=2,3") == [id])
            #expect(try ownerRez.send("DELETE", "bookings/\(id)").status == 204)
            #expect(try ownerRez.send("DELETE", "bookings/\(id)").status == 404)

            let guest = try ownerRez.send("POST", "guests", #"{"first_name":"Ann"}"#).json
            #expect(try ownerRez.ids("guests?q=ann") == [guest["id"]?.integer])
            for (method, path, body) in [
                ("POST", "bookings", "[]"), ("POST", "bookings", #"{"id":1}"#),
                ("PATCH", "guests/x", #"{"updated_utc":1}"#),
            ] {
                #expect(try ownerRez.send(method, path, body).status == 400)
            }
            #expect(try ownerRez.send("POST", "quotes", "{}").status == 404)
            #expect(try ownerRez.send("GET", "users/me", "{}").status == 400)
            #expect(try ownerRez.send("PATCH", "guests/1", "{}").status == 404)
        }
    }

    @Test("so many requests in so many seconds, whoever makes them; what is too much is refused in its own shape")
    func rate() throws {
        try with { ownerRez in
            try ownerRez.set(#"{"rate_limit":3,"clock_offset_seconds":-400}"#)
            let other = try OwnerRezClient(ownerRez.sandbox, account: 8)
            let statuses = try [ownerRez, other, ownerRez, other].map { try $0.send("GET", "users/me").status }
            #expect(statuses == [200, 200, 200, 429])
            let busy = try ownerRez.send("GET", "properties")
            #expect(busy.text == #"{"code":429,"error":"Rate limit exceeded."}"# && !busy.head.contains("Retry-After"))
            let counted: JSON = [
                "8": ["GET /v2/users/me": 2], "347482730": ["GET /v2/properties": 1, "GET /v2/users/me": 2],
            ]
            #expect(try ownerRez.control("requests") == ["accounts": counted, "refused": 2])
            _ = try ownerRez.sandbox.send("DELETE", "/_sandbox/ownerrez/requests")
            #expect(try ownerRez.control("requests") == ["accounts": [:], "refused": 0])
            try ownerRez.set(#"{"clock_offset_seconds":-99}"#)
            #expect(try ownerRez.send("GET", "users/me").status == 200, "five minutes later")
            try ownerRez.set(#"{"rate_limit":0}"#)
            #expect(
                try (0..<5).map { _ in try ownerRez.send("GET", "users/me").status } == Array(repeating: 200, count: 5))
        }
    }

    @Test("OwnerRez's clock may be another than ours, and all that it says goes by that")
    func clock() throws {
        try with { ownerRez in
            try ownerRez.set(#"{"clock_offset_seconds":-315360000}"#)
            let answer = try ownerRez.send("POST", "bookings", "{}")
            let year = Calendar(identifier: .gregorian).component(.year, from: Date()) - 10
            #expect(answer.head.contains(" \(year) ") && answer.text.contains(#""updated_utc":"\#(year)-"#))
        }
    }

    @Test("a page may have what no page should: a next page elsewhere or itself, rows without an id or a time")
    func pageFaults() throws {
        try with { ownerRez in
            try ownerRez.create(count: 2)
            let list = "bookings?since_utc=2026-01-01&limit=1"
            try ownerRez.sandbox.fault(
                #"{"route":"GET /v2/bookings","fault":"page","next":"https://evil.example/v2/bookings?offset=1"}"#)
            #expect(try ownerRez.get(list)["next_page_url"] == "https://evil.example/v2/bookings?offset=1")
            try ownerRez.sandbox.fault(#"{"route":"GET /v2/bookings","fault":"page","next":"itself"}"#)
            #expect(try next(ownerRez.get(list), ownerRez) == list)
            let rows = #""without":["id","updated_utc"]"#
            try ownerRez.sandbox.fault(#"{"route":"GET /v2/bookings","fault":"page",\#(rows),"row":1}"#)
            let items = try ownerRez.get("bookings?since_utc=2026-01-01")["items"]?.array
            #expect(items?.map { $0.members?.count } == [3, 1])
            #expect(try ownerRez.get(list)["items"]?.array?[0]["id"] != nil, "once")
        }
    }

    @Test("a fault may be meant for one account, and last for a time")
    func scopedFaults() throws {
        try with { ownerRez in
            let other = try OwnerRezClient(ownerRez.sandbox, account: 8)
            try ownerRez.sandbox.fault(
                #"{"route":"ownerrez","fault":"status","status":503,"account":8,"seconds":60}"#)
            #expect(try [ownerRez, other, other].map { try $0.send("GET", "properties").status } == [200, 503, 503])
            try ownerRez.set(#"{"clock_offset_seconds":60}"#)
            #expect(try other.send("GET", "properties").status == 200)
        }
    }
}
