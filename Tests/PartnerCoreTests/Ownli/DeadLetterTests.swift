import Testing

@testable import PartnerCore

@Suite("Dead letters", .serialized)
struct DeadLetterTests {
    private static let order =
        #"{"userId":"XT_USR1","amount":25.10,"actionCode":"purchase","clientReference":"order-1"}"#

    private func invocation() -> Invocation { .forStore() }

    private func letter(_ body: String, attributes: String = "{}") throws -> DeadLetter {
        let text = try json(
            #"{"MessageId":"1","ReceiptHandle":"r","Body":\#(quoted(body)),"MessageAttributes":\#(attributes)}"#)
        return DeadLetter(try #require(ReceivedMessage(text)))
    }

    private func quoted(_ text: String) -> String { String(decoding: JSON.string(text).text, as: UTF8.self) }

    private func judge(_ test: StoreUnderTest) -> RewardJudge {
        var settings = SettingsReader(Environment(["REWARD_MAX_AMOUNT": "50", "REWARD_ACTION_CODES": "purchase"]))
        let limits = RewardLimits(reading: &settings)
        return RewardJudge(test.store, within: RewardGuards(reading: &settings, limits: limits))
    }

    private func verdict(_ body: String, _ test: StoreUnderTest) throws -> String {
        let verdict = try judge(test).verdict(on: letter(body), in: invocation())
        return verdict.refusal?.code ?? "good"
    }

    /// As Lambda leaves an invocation that failed.
    private static func failed(_ payload: String) -> String {
        #"{"version":"1.0","timestamp":"2026-11-26T10:00:00.000Z","requestContext":{"requestId":"r-1","functionArn":"#
            + #""arn:aws:lambda:eu-central-1:123456789012:function:reward-grant:$LATEST","condition":"RetriesExhausted","#
            + #""approximateInvokeCount":3},"requestPayload":\#(payload),"responseContext":{"statusCode":200,"#
            + #""executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorType":"#
            + #""Function.TransientFailure","errorMessage":"UPSTREAM_TIMEOUT: Ownli did not answer in time"}}"#
    }

    private static let event =
        #"{"version":"0","id":"e-1","detail-type":"Reward Due","source":"rewards","account":"123456789012","#
        + #""time":"2026-11-26T10:00:00Z","region":"eu-central-1","resources":[],"detail":\#(order)}"#

    @Test("of a queue are the messages as they were sent")
    func ofQueue() throws {
        let letter = try letter(" " + Self.order)
        #expect(letter.body == " " + Self.order && letter.failure == nil)
    }

    @Test("of Lambda's hold the payload, and say why it failed")
    func ofLambda() throws {
        for payload in [Self.order, Self.event] {
            let letter = try letter(Self.failed(payload))
            #expect(letter.body == payload, "to the digit")
            #expect(letter.failure == "UPSTREAM_TIMEOUT: Ownli did not answer in time")
        }
        let silent = Self.failed(Self.order).replacing(#""errorMessage""#, with: #""other""#)
        #expect(try letter(silent).failure == "RetriesExhausted")
    }

    @Test("of EventBridge's are events, with why they were not delivered beside them")
    func ofEventBridge() throws {
        let attributes = #"{"ERROR_CODE":{"DataType":"String","StringValue":"NO_PERMISSIONS"}}"#
        let letter = try letter(Self.event, attributes: attributes)
        #expect(letter.body == Self.event && letter.failure == "NO_PERMISSIONS")
    }

    @Test("an order that pretends to be Lambda's record is an order")
    func pretending() throws {
        let body = Self.failed("{}").dropLast() + #","clientReference":"order-1"}"#
        #expect(try letter(String(body)).body == String(body))
    }

    @Test("that may be granted are told from those that cannot be, as reward-grant would")
    func verdicts() throws {
        let test = try StoreUnderTest(.sqlite)
        func changed(_ text: String, _ other: String) -> String { Self.order.replacing(text, with: other) }
        #expect(try verdict(Self.order, test) == "good")
        #expect(try verdict(Self.failed(Self.order), test) == "good")
        #expect(try verdict(Self.event, test) == "good")
        #expect(try verdict(Self.failed(Self.event), test) == "good")
        #expect(try verdict("no JSON", test) == "INVALID_JSON")
        #expect(try verdict("", test) == "INVALID_JSON")
        #expect(try verdict("[\(Self.order)]", test) == "INVALID_PARAMETERS")
        #expect(try verdict(Self.failed("null"), test) == "INVALID_PARAMETERS")
        #expect(try verdict("{}", test) == "INVALID_PARAMETERS")
        #expect(try verdict(changed("25.10", "25.101"), test) == "INVALID_PARAMETERS")
        #expect(try verdict(changed("25.10", "50.01"), test) == "AMOUNT_TOO_LARGE")
        #expect(try verdict(changed("purchase", "review"), test) == "ACTION_CODE_NOT_ALLOWED")
        #expect(try verdict(changed(#"{"userId""#, #"{"Records":[],"userId""#), test) == "INVALID_ENVELOPE")
    }

    @Test("for one of our users are good once that one is linked, and not before")
    func linked() throws {
        let test = try StoreUnderTest(.sqlite)
        let body = Self.order.replacing(#""userId":"XT_USR1""#, with: #""internalUserId":"user-42""#)
        #expect(try verdict(body, test) == "NOT_LINKED")
        let key = RecordKey(partition: "link#user-42", sort: "ownli")
        try test.store.put(key, ["ownliUserId": "XT_USR1", "linkedAt": "1790000000000"], in: invocation())
        #expect(try verdict(body, test) == "good")
    }

    @Test("of a reference that stands for something else are in conflict; a repetition is good")
    func conflict() throws {
        let test = try StoreUnderTest(.sqlite)
        let ledger = RewardLedger(
            test.store, limits: RewardLimits(), keptFor: Retention(days: nil), clock: { test.now })
        let request = RewardRequest(
            userID: "XT_USR1", amount: Cents(2510), actionCode: "purchase", clientReference: "order-1")
        _ = try ledger.reserve(request, from: Origin(.sqs, id: "1"), in: invocation())
        #expect(try verdict(Self.order, test) == "good")
        #expect(try verdict(Self.order.replacing("25.10", with: "25.11"), test) == "ERROR_REWARD_CONFLICT")
        #expect(try verdict(Self.order.replacing("XT_USR1", with: "XT_USR2"), test) == "ERROR_REWARD_CONFLICT")
    }

    @Test("are not judged while the store is away")
    func away() throws {
        let letter = try letter(Self.order)
        var settings = SettingsReader(Environment([:]))
        let guards = RewardGuards(reading: &settings, limits: RewardLimits())
        #expect(throws: FunctionError.self) {
            try RewardJudge(.notOpened, within: guards).verdict(on: letter, in: invocation())
        }
    }
}
