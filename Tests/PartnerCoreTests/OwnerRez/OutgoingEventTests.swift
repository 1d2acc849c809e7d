import Testing

@testable import PartnerCore

@Suite("An event on its way out")
struct OutgoingEventTests {
    private func waiting(_ text: String, _ more: [String: String] = [:]) throws -> WaitingEvent {
        let record = Record(
            key: RecordKey(partition: "ownerrez-inbox#0", sort: "1790000000000-0123456789ab"),
            attributes: ["event": text].merging(more) { $1 }, revision: 1)
        return try WaitingEvent(record)
    }

    private let text =
        #"{"user_id":7, "action":"entity_update","entity_type":"booking","entity_id":7,"#
        + #""entity":{"updated_utc":"2026-08-30T12:00:00Z","total":1.50,"n":"\u00e9é"} }"#

    @Test("its envelope says whose it is, who tells of it, when it came and in what order, around the text as it came")
    func envelope() throws {
        let event = OutgoingEvent(try waiting(text), as: .envelope, of: #"user "42""#)
        #expect(
            event.text
                == #"{"subject":"user \"42\"","connection":"7","source":"webhook","#
                + #""receivedAt":"2026-09-21T14:13:20.000Z","sequence":"1790000000000-0123456789ab","#
                + #""event":{"user_id":7, "action":"entity_update","entity_type":"booking","entity_id":7,"#
                + #""entity":{"updated_utc":"2026-08-30T12:00:00Z","total":1.50,"n":"\u00e9é"} }}"#)
    }

    @Test("of nobody's account it says so, and an event of no account has no connection either")
    func nobody() throws {
        let other = OutgoingEvent(try waiting(#"{"user_id":7}"#, ["source": "reconcile"]), as: .envelope, of: nil)
        #expect(other.text.hasPrefix(#"{"subject":null,"connection":"7","source":"reconcile","#))
        let none = OutgoingEvent(try waiting("{}"), as: .envelope, of: nil)
        #expect(none.text.hasPrefix(#"{"subject":null,"connection":null,"source":"webhook","#))
        #expect(none.text.hasSuffix(#","event":{}}"#))
    }

    @Test("verbatim it is the text alone, and its record has what it had")
    func verbatim() throws {
        let event = OutgoingEvent(try waiting(text, ["source": "reconcile"]), as: .verbatim, of: nil)
        #expect(event.text == text)
        #expect(
            event.attributes == [
                "event": text, "receivedAt": "1790000000000", "updatedUtc": "2026-08-30T12:00:00Z",
            ])
    }

    @Test("in a record the same stands beside it")
    func attributes() throws {
        let event = OutgoingEvent(try waiting(text), as: .envelope, of: "user-42")
        #expect(
            event.attributes == [
                "event": text, "receivedAt": "1790000000000", "updatedUtc": "2026-08-30T12:00:00Z",
                "source": "webhook", "subject": "user-42", "connection": "7",
            ])
        #expect(
            OutgoingEvent(try waiting("{}"), as: .envelope, of: nil).attributes.keys.sorted() == [
                "event", "receivedAt", "source",
            ])
    }

    /// The envelope is one JSON object, and what it was written around is in it to the byte.
    private func check(_ text: String, of subject: String?) throws {
        let envelope = OutgoingEvent(try waiting(text), as: .envelope, of: subject).text
        let json = try #require(try? JSON.parse(Array(envelope.utf8)), "\(text)")
        #expect(
            json.members?.map { $0.name } == ["subject", "connection", "source", "receivedAt", "sequence", "event"])
        #expect(json["subject"] == (subject.map { .string($0) } ?? .null))
        #expect(try json["event"] == JSON.parse(Array(text.utf8)))
        let mark = #","event":"#
        #expect(envelope.hasSuffix(mark + text + "}"))
    }

    @Test("whatever JSON it is, the envelope is JSON, and gives it back to the byte", arguments: 0..<40)
    func anyJSON(seed: Int) throws {
        var writer = JSONWriter(seed: UInt64(seed))
        for _ in 0..<100 {
            try check(writer.object(depth: 5), of: [nil, "user-42", "\"\\,\"event\":é😀", "{}"][writer.below(4)])
        }
    }

    @Test("the largest fits into what every target takes of one message")
    func largest() throws {
        let padding = String(
            repeating: "x", count: OwnerRezEvent.largestBody - #"{"user_id":9223372036854775807,"a":""}"#.utf8.count)
        let text = #"{"user_id":9223372036854775807,"a":"\#(padding)"}"#
        #expect(text.utf8.count == OwnerRezEvent.largestBody)
        // A subject has 256 bytes at most, and a quotation mark needs two.
        let subject = String(repeating: "\"", count: 256)
        let event = OutgoingEvent(try waiting(text), as: .envelope, of: subject)
        let beside = event.attributes.filter { $0.key != "event" }.reduce(0) {
            $0 + $1.key.utf8.count + $1.value.utf8.count
        }
        // SQS, and EventBridge with source, detail type and resources: 262,144 bytes.
        #expect(event.text.utf8.count + beside + 1_000 < 262_144)
    }
}

/// Writes JSON as nobody in their senses would, the same for the same seed.
private struct JSONWriter {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    mutating func object(depth: Int) -> String {
        let members = (0..<below(5)).map { index in
            "\(space())\(string(prefix: "\(index)"))\(space()):\(value(depth: depth - 1))"
        }
        return "\(space()){\(members.joined(separator: ","))\(space())}\(space())"
    }

    private mutating func value(depth: Int) -> String {
        let kinds = depth > 0 ? 8 : 6
        let text =
            switch below(kinds) {
            case 0: "null"
            case 1: ["true", "false"][below(2)]
            case 2: ["0", "-0", "1e400", "1.50", "-12345678901234567890123", "0.1E-2", "7"][below(7)]
            case 3, 4, 5: string(prefix: "")
            case 6: "[" + (0..<below(4)).map { _ in value(depth: depth - 1) }.joined(separator: ",") + space() + "]"
            default: object(depth: depth)
            }
        return space() + text + space()
    }

    private mutating func string(prefix: String) -> String {
        let parts = [
            "a", "event", "\\\"", "\\\\", "\\u0000", "\\ud83d", "\\uD83D\\ude00", "é", "😀", "}", ",\\\"event\\\":",
        ]
        return "\"\(prefix)" + (0..<below(6)).map { _ in (parts + ["\u{2028}", "\\n", "\\/"])[below(14)] }.joined()
            + "\""
    }

    private mutating func space() -> String { ["", "", "", " ", "\n", "\t", "\r\n"][below(7)] }
}
