import Testing

@testable import PartnerCore

@Suite("What is kept about a person", .serialized)
struct PersonExportTests {
    private static let documents = ConsentDocuments(
        termsURL: "https://ownli.example/terms", privacyURL: "https://ownli.example/privacy", version: "2026-04")
    private static let receipts = ConsentReceipts(
        controller: "Shop", key: Ed25519PrivateKey([UInt8](repeating: 7, count: 32))!)

    /// A store, and people who leave everything in it that people can.
    private struct World {
        let test: StoreUnderTest
        let backend: Backend
        var store: RecordStore { test.store }
        var invocation: Invocation { .forStore() }

        init(_ backend: Backend) throws {
            test = try StoreUnderTest(backend)
            self.backend = backend
        }

        /// Everything about a person, whose words hold their name.
        func leaveAll(_ name: String, account: Int) throws {
            let now = test.now
            try agree(name)
            try Self.link(name, "XT_\(name)_former", in: self)
            _ = try Withdrawals(store, keptFor: Retention(days: 10)).withdraw(
                subject: name, at: now, in: invocation)
            try agree(name)
            try Self.link(name, "XT_\(name)", in: self)
            for (user, reference) in [("XT_\(name)", "new"), ("XT_\(name)_former", "old")] {
                try reward(user, "\(name)-\(reference)", at: now)
            }
            let connection = [
                "name": "\(name)'s houses", "scope": "all", "connectedAt": now.attribute, "listedAt": now.attribute,
            ]
            try store.put(Connections.key(subject: name, account: account), connection, in: invocation)
            try store.put(
                Connections.key(account: account), connection.merging(["subject": name, "tokens": "tokens"]) { $1 },
                in: invocation)
            try store.put(
                RecordKey(partition: "ownli-intent#\(name)", sort: "hash#id"), ["begunAt": now.attribute],
                expires: now.adding(seconds: 60), in: invocation)
            let shard = InboxShard(ofAccount: account)
            try event(in: shard.waiting, account, "\(name)-waiting")
            try event(in: shard.aside("booking/\(name)-aside"), account, "\(name)-aside")
            let pause = InboxPause(of: "booking/\(name)-aside", until: now, in: shard)
            try store.put(pause.key, [:], in: invocation)
            try event(in: EventInbox.kept, account, "\(name)-kept", subject: name)
            try event(in: EventInbox.kept, 999, "\(name)-former", subject: name)
            try event(in: EventInbox.givenUp, account, "\(name)-given-up", subject: name)
        }

        func agree(_ name: String) throws {
            _ = try Consents(store).record(of: documents, by: name, at: test.now, in: invocation)
        }

        static func link(_ name: String, _ ownliUserID: String, in world: World) throws {
            let link = UserLink(subject: name, ownliUserID: ownliUserID, linkedAt: world.test.now)
            let history = try Consents(world.store).history(subject: name, in: world.invocation)
            _ = try UserLinks(world.store).create(link, agreedIn: history, in: world.invocation)
        }

        func reward(_ user: String, _ reference: String, at time: Timestamp) throws {
            let ledger = RewardLedger(store, limits: RewardLimits(), keptFor: Retention(days: nil)) { time }
            let request = RewardRequest(
                userID: user, amount: Cents(2510), actionCode: "purchase", clientReference: reference)
            guard
                case .reserved(let reservation) = try ledger.reserve(
                    request, from: Origin(.direct, name: "secret-server", id: "1"), in: invocation)
            else { return }
            try ledger.settle(reservation, as: "XT_DBR-\(reference)", in: invocation)
        }

        func event(
            in partition: String, _ account: Int, _ name: String, subject: String? = nil, content: String = "guest"
        ) throws {
            let text =
                #"{"id":"id-\#(name)","user_id":\#(account),"action":"entity_update","entity_type":"booking","#
                + #""entity_id":"\#(name)","entity":{"text":"\#(content)"}}"#
            let sort = Arrival.sortKey(Arrival.lowest(at: test.now))
            var attributes = ["event": text]
            attributes["subject"] = subject
            try store.put(RecordKey(partition: partition, sort: sort), attributes, in: invocation)
        }

        func pages(_ name: String, mostReads: Int = ExportBudget.mostReads) throws -> [PersonPage] {
            let export = PersonExport(test.another, receipts: receipts, mostReads: mostReads)
            var pages: [PersonPage] = []
            repeat {
                pages.append(
                    try export.page(of: name, from: pages.last?.next, at: test.now, in: invocation))
            } while pages.last?.next != nil
            return pages
        }

        func document(_ name: String) throws -> JSON {
            var document = PersonDocument()
            let text = try pages(name).reduce([UInt8]()) { $0 + document.text(of: $1) }
            return try JSON.parse(text)
        }
    }

    @Test("is all in one document, and nothing of anybody else's, nor a token", arguments: Backend.allCases)
    func everything(_ backend: Backend) throws {
        let world = try World(backend)
        try world.leaveAll("anna", account: 7)
        try world.leaveAll("berta", account: 8)
        for (name, other) in [("anna", "berta"), ("berta", "anna")] {
            let document = try world.document(name)
            let text = String(decoding: document.text, as: UTF8.self)
            for word in [other, "tokens", "guest", "secret-server"] { #expect(!text.contains(word), "\(word)") }
            #expect(document["subject"]?.string == name && document["next"] == .null)
            #expect(document["link"]?["ownliUserId"]?.string == "XT_\(name)")
            #expect(document["consents"]?.array?.map { $0["withdrawnAt"] != nil } == [true, false])
            #expect(document["consents"]?.array?.map { $0["keptUntil"] != nil } == [true, false])
            #expect(document["withdrawals"]?.array?.map { $0["ownliUserId"]?.string } == ["XT_\(name)_former"])
            #expect(document["receipts"]?.array?.count == 2)
            #expect(document["optInAttempts"]?.array?.count == 1)
            #expect(document["connections"]?.array?.map { $0["name"]?.string } == ["\(name)'s houses"])
            let rewards = document["rewards"]?.array ?? []
            #expect(rewards.map { $0["clientReference"]?.string } == ["\(name)-new", "\(name)-old"])
            #expect(rewards.map { $0["id"]?.string } == ["XT_DBR-\(name)-new", "XT_DBR-\(name)-old"])
            let events = document["events"]?.array ?? []
            #expect(
                events.map { $0["state"]?.string } == ["waiting", "set-aside", "kept", "kept", "given-up"])
            #expect(
                Set(events.map { $0["id"]?.string })
                    == Set(["waiting", "aside", "kept", "former", "given-up"].map { "id-\(name)-\($0)" }))
        }
    }

    @Test("is nothing for whom nobody knows here, and the answer says so", arguments: Backend.allCases)
    func nothing(_ backend: Backend) throws {
        let world = try World(backend)
        try world.leaveAll("anna", account: 7)
        let page = try #require(try world.pages("ann").first)
        let time = world.test.now.rfc3339
        let expected =
            #"{"schema":"partner-functions/person-export/1","exportedAt":"\#(time)","subject":"ann","link":null,"#
            + #""consents":[],"withdrawals":[],"receipts":[],"#
            + #""receiptKey":\#(String(decoding: Self.receipts.publicKey.jwk.text, as: UTF8.self)),"#
            + #""optInAttempts":[],"connections":[],"rewards":[],"events":[],"next":null}"#
        #expect(String(decoding: page.json(next: nil).text, as: UTF8.self) == expected)
        let document = try world.document("ann")
        #expect(document == (try JSON.parse(Array(expected.utf8))))
    }

    @Test("has no receipts where nobody signs any")
    func unsigned() throws {
        let world = try World(.sqlite)
        try world.leaveAll("anna", account: 7)
        let page = try PersonExport(world.store, receipts: nil).page(
            of: "anna", at: world.test.now, in: world.invocation)
        let json = page.json(next: nil)
        #expect(json["receipts"] == nil && json["receiptKey"] == nil && json["consents"]?.array?.count == 2)
    }

    @Test("is theirs as long as they were that user of Ownli's, and whoever is it later has theirs")
    func rewards() throws {
        let world = try World(.sqlite)
        func pass() { world.test.setClock(to: world.test.now.adding(seconds: 10)) }
        func grant(_ reference: String) throws { try world.reward("XT_1", reference, at: world.test.now) }
        func references(_ name: String) throws -> [String?] {
            try world.document(name)["rewards"]?.array?.map { $0["clientReference"]?.string } ?? []
        }
        for (name, reference) in [("anna", "1"), ("berta", "2"), ("anna", "3")] {
            try world.agree(name)
            try World.link(name, "XT_1", in: world)
            pass()
            try grant(reference)
            #expect(try references(name).last == reference)
            if reference == "3" { break }
            pass()
            _ = try Withdrawals(world.store, keptFor: Retention(days: 10)).withdraw(
                subject: name, at: world.test.now, in: world.invocation)
            pass()
        }
        #expect(try references("anna") == ["1", "2", "3"], "whoever is that user now sees all of it at Ownli too")
        #expect(try references("berta") == ["1", "2"])
        _ = try Withdrawals(world.store, keptFor: Retention(days: 10)).withdraw(
            subject: "anna", at: world.test.now, in: world.invocation)
        pass()
        try grant("4")
        #expect(try references("anna") == ["1", "2", "3"])
    }

    @Test(
        "is found behind any number of events of others, so many calls to the store at a time",
        arguments: Backend.allCases)
    func many(_ backend: Backend) throws {
        let world = try World(backend)
        for start in stride(from: 0, to: 300, by: 100) {
            let writes = (start..<start + 100).map { number in
                let sort = Arrival.sortKey(Arrival.lowest(at: world.test.now) - 1_000_000 + number)
                let text = #"{"id":\#(number),"user_id":8,"action":"entity_update"}"#
                return Write.put(
                    RecordKey(partition: EventInbox.kept, sort: sort), ["event": text, "subject": "berta"])
            }
            try world.store.transact(writes, in: world.invocation)
        }
        try world.leaveAll("anna", account: 7)
        let pages = try world.pages("anna", mostReads: 10)
        // Two of rewards, 33 of what waits, and fourteen of what is kept and given up.
        #expect(pages.count == 5)
        #expect(pages.dropFirst().allSatisfy { $0.beginning.isEmpty && $0.rewards.isEmpty })
        #expect(pages.map { $0.events.count }.reduce(0, +) == 5)
        let empty = pages.filter { $0.events.isEmpty && $0.rewards.isEmpty && $0.next != nil }
        #expect(!empty.isEmpty, "a page may have nothing and yet not be the last")
    }

    @Test("comes in pages wherever it is cut", arguments: [1, 2, 7, 49])
    func cut(reads: Int) throws {
        let world = try World(.sqlite)
        try world.leaveAll("anna", account: 7)
        for number in 0..<230 { try world.reward("XT_anna", "more-\(number)", at: world.test.now) }
        // Pauses of others, beyond one call to the store.
        for number in 0..<30 {
            let pause = InboxPause(
                of: "booking/\(number)", until: world.test.now, in: InboxShard(ofAccount: 7))
            try world.store.put(pause.key, [:], in: world.invocation)
        }
        let export = PersonExport(world.store, receipts: nil, mostReads: reads)
        var pages: [PersonPage] = []
        var document = PersonDocument()
        var text: [UInt8] = []
        repeat {
            // As it goes through somebody's hands.
            let position = try pages.last?.next.map { next in
                try #require(ExportPosition(JSON.parse(next.json.text)))
            }
            pages.append(try export.page(of: "anna", from: position, at: world.test.now, in: world.invocation))
            text += document.text(of: pages[pages.count - 1])
        } while pages.last?.next != nil
        let json = try JSON.parse(text)
        #expect(json["rewards"]?.array?.count == 232)
        #expect(Set(json["rewards"]?.array?.map { $0["clientReference"]?.string } ?? []).count == 232)
        #expect(json["events"]?.array?.count == 5)
        #expect(pages.count >= 70 / reads)
        let longest = pages.compactMap { $0.next?.json.text.count }.max() ?? 0
        #expect(longest < 1000, "an address holds it")
    }
}

@Suite("Positions in an export")
struct ExportCursorTests {
    private func cursor(_ key: UInt8 = 1) -> ExportCursor {
        let text = Base64.encode([UInt8](repeating: key, count: 32))
        var settings = SettingsReader(Environment(["IDENTIFIER_HASH_KEY": text]))
        return ExportCursor(IdentifierHash(reading: &settings))
    }

    private static let position = ExportPosition.rewards(ownliUserID: "XT_1", after: "2026#x")

    @Test("are read by whom they were handed out to")
    func sealed() {
        let text = cursor().text(Self.position, of: "anna")
        #expect(cursor().position(text, of: "anna") == Self.position)
        #expect(text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-".utf8.contains($0) })
        #expect(!text.contains("XT_1"))
    }

    @Test("are nothing to anybody else, and nothing when they are changed")
    func refused() {
        let text = cursor().text(Self.position, of: "anna")
        #expect(cursor().position(text, of: "berta") == nil)
        #expect(cursor(2).position(text, of: "anna") == nil)
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(cursor().position(changed, of: "anna") == nil)
        }
        for wrong in ["", ".", "cursor.", "x", "{}"] { #expect(cursor().position(wrong, of: "anna") == nil) }
    }
}
