import Testing

@testable import PartnerCore

private let api = BaseURL("https://api.ownerrez.com")!
private let first = ListPage.Address(path: "/v2/bookings", query: "since_utc=2026-01-01&limit=100")

@Suite("A page of a list of OwnerRez's")
struct ListPageTests {
    private func page(_ text: String, status: Int = 200, of api: BaseURL = api) throws(ListPage.Problem) -> ListPage {
        let response = HTTPResponse(status: status, body: Array(text.utf8), retryAfter: nil)
        return try ListPage(response, at: first, of: api)
    }

    private func problem(_ text: String, status: Int = 200) -> ListPage.Problem? {
        do throws(ListPage.Problem) {
            _ = try page(text, status: status)
            return nil
        } catch {
            return error
        }
    }

    @Test("has rows, and may have another behind it")
    func next() throws {
        #expect(try page(#"{"items":[{"id":1},{"id":2}],"next_page_url":null}"#).rows.count == 2)
        #expect(try page(#"{"items":[]}"#).next == nil)
        let page = try page(
            #"{"items":[],"next_page_url":"https://api.ownerrez.com/v2/bookings?limit=100&offset=100"}"#)
        #expect(page.next?.text == "/v2/bookings?limit=100&offset=100")
    }

    @Test(
        "is not gone on from to another host, another list or what is no address",
        arguments: [
            "https://api.ownerrez.com.example.com/v2/bookings?offset=100", "https://example.com/v2/bookings?offset=1",
            "http://api.ownerrez.com/v2/bookings?offset=100", "https://api.ownerrez.com@example.com/v2/bookings",
            "https://api.ownerrez.com:444/v2/bookings?offset=100", "//example.com/v2/bookings",
            "https://api.ownerrez.com/v2/users/me", "https://api.ownerrez.com/v2/../oauth/access_token",
            "https://api.ownerrez.com/v2/bookings/../guests?q=a", "https://api.ownerrez.com",
            "https://api.ownerrez.com/v2/bookings?a#b", "https://api.ownerrez.com/v2/bookings?a b", "",
        ])
    func elsewhere(link: String) {
        let problem = problem(#"{"items":[],"next_page_url":"\#(link)"}"#)
        #expect(problem == .nextPageElsewhere || problem == .nextPageIsNone)
    }

    @Test("is refused where it is none, or leads to itself")
    func refused() {
        #expect(problem("[]") == .notAList)
        #expect(problem("<html>") == .notAList)
        #expect(problem(#"{"items":{}}"#) == .notAList)
        #expect(problem(#"{"items":[]}"#, status: 400) == .refused(status: 400))
        #expect(problem(#"{"items":[],"next_page_url":7}"#) == .nextPageIsNone)
        let long = String(repeating: "a", count: 2001)
        #expect(
            problem(#"{"items":[],"next_page_url":"https://api.ownerrez.com/v2/bookings?\#(long)"}"#) == .nextPageIsNone
        )
        #expect(
            problem(#"{"items":[],"next_page_url":"https://api.ownerrez.com\#(first.text)"}"#) == .goesInACircle)
    }

    @Test("is asked for as each list wants it, a hundred rows at a time")
    func address() {
        let since = Timestamp(rfc3339: "2026-04-25T10:15:30Z")!
        #expect(
            ReconciledList.allCases.map { $0.firstPage(since: since).text } == [
                "/v2/bookings?since_utc=2026-04-25T10%3A15%3A30.000Z&limit=100",
                "/v2/guests?created_since_utc=2026-04-25T10%3A15%3A30.000Z&limit=100",
                "/v2/inquiries?since_utc=2026-04-25T10%3A15%3A30.000Z&limit=100",
                "/v2/quotes?since_utc=2026-04-25T10%3A15%3A30.000Z&limit=100",
                "/v2/reviews?since_utc=2026-04-25T10%3A15%3A30.000Z&limit=100",
            ])
    }

    @Test("has rows with a time, or at least with one of their making, or without")
    func rows() throws {
        func row(_ text: String) throws -> ListRow? { try ListRow(json(text), in: .bookings, of: 7) }
        let noon = Timestamp(rfc3339: "2026-08-30T12:00:00.123Z")
        #expect(try row(#"{"id":5,"updated_utc":"2026-08-30T12:00:00.1234567Z"}"#)?.changed == noon)
        #expect(try row(#"{"id":5,"created_utc":"2026-08-30T12:00:00.123","updated_utc":"x"}"#)?.changed == noon)
        let timeless = try #require(try row(#"{"id":5,"name":"a"}"#))
        #expect(timeless.changed == nil)
        #expect(timeless.entity == "booking/5")
        for text in [#"{"name":"a"}"#, #"{"id":null}"#, #"{"id":"a b"}"#, "7", "null", #"{"id":{}}"#] {
            #expect(try row(text) == nil)
        }
    }
}

@Suite("Which lists are looked through")
struct ReconciledListTests {
    private func lists(_ text: String?) -> ([ReconciledList], [SettingsReader.Problem]) {
        var settings = SettingsReader(Environment(text.map { ["OWNERREZ_RECONCILE": $0] } ?? [:]))
        return (settings.reconciledLists(), settings.problems)
    }

    @Test("is a setting")
    func setting() {
        #expect(lists(nil).0 == ReconciledList.allCases)
        #expect(lists("off") == ([], []))
        #expect(lists("reviews, bookings").0 == [.reviews, .bookings])
        for text in [",", "bookings,bookings", "Bookings", "messages", "off,bookings"] {
            #expect(lists(text).1.map { $0.name } == ["OWNERREZ_RECONCILE"], "\(text)")
        }
    }

    @Test(
        "and from when on, too",
        arguments: [
            ("none", nil), ("2026-01-01", "2026-01-01T00:00:00.000Z"),
            ("2026-01-01T10:00:00+02:00", "2026-01-01T08:00:00.000Z"),
        ])
    func backfill(text: String, time: String?) {
        var settings = SettingsReader(Environment(["OWNERREZ_BACKFILL_SINCE": text]))
        #expect(settings.backfillSince()?.rfc3339 == time)
        #expect(settings.problems == [])
    }

    @Test("stops the start where it is no time", arguments: ["2026", "2026-02-30", "yesterday", "1"])
    func noBackfill(text: String) {
        var settings = SettingsReader(Environment(["OWNERREZ_BACKFILL_SINCE": text]))
        #expect(settings.backfillSince() == nil)
        #expect(settings.problems.map { $0.name } == ["OWNERREZ_BACKFILL_SINCE"])
    }

    @Test("and what a webhook should have told of depends on what is subscribed")
    func told() throws {
        let all = ReconciledList.allCases
        #expect(all.filter { $0.isTold(by: .none) } == [.bookings, .guests, .inquiries, .quotes])
        let some = try #require(
            WantedSubscriptions("booking:entity_insert,entity_update;guest:entity_create;quote:entity_update"))
        #expect(all.filter { $0.isTold(by: some) } == [.bookings, .guests])
    }
}
