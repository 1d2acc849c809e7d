@testable import PartnerCore

/// A webhook's call: the Authorization field, the Content-Type field, and the body, each from a new line on.
enum WebhookFuzz {
    static func run(_ input: [UInt8]) {
        let parts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return }
        let (field, type) = (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        var headers: Headers = ["Authorization": field]
        if !type.isEmpty { headers.add("Content-Type", type) }
        let request = Request(method: "POST", path: "/webhooks/ownerrez", headers: headers, body: Array(parts[2]))
        checkAdmission(of: request, field)
        let event = try? OwnerRezEvent(request)
        let json = try? JSON.parse(request.body)
        if type.isEmpty {
            hold((event != nil) == (json?.members != nil), "any object is an event, and nothing else")
        }
        if let event, let json { check(event, of: request, json) }
    }

    private static func checkAdmission(of request: Request, _ field: String) {
        let scheme = field.utf8.prefix(5).map { $0 | 0x20 }
        let proof = field.utf8.dropFirst(5).drop { $0 == UInt8(ascii: " ") }
        let isRight =
            scheme.elementsEqual("basic".utf8) && field.utf8.dropFirst(5).first == UInt8(ascii: " ")
            && proofs.contains { proof.elementsEqual($0.utf8) }
        do throws(FunctionError) {
            try credentials.admit(request, in: invocation)
            hold(isRight, "only the credentials are admitted")
        } catch {
            hold(!isRight, "the credentials are admitted")
            hold(error.status == 401 && error.challenge != nil, "who is not admitted is told what for")
        }
    }

    private static func check(_ event: OwnerRezEvent, of request: Request, _ json: JSON) {
        hold(event.text.utf8.elementsEqual(request.body), "an event is kept to the byte")
        let kind = event.kind.utf8
        hold((3...121).contains(kind.count) && kind.allSatisfy(isNameByte), "a kind is two words")
        let about = event.entity.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        hold(about.count == 2, "an entity is its type and its id")
        hold(about.allSatisfy { (1...60).contains($0.count) && $0.allSatisfy(isNameByte) }, "and either is a name")
        if let id = event.id {
            let value = try? JSON.parse(Array(id.utf8))
            hold(value != nil && value == json["id"], "an event is known by the id that it has")
        }
        if let account = event.revokedAccount {
            hold(account > 0 && json["user_id"]?.integer == account, "it is the account that has disconnected")
            hold(isSame(json["action"]?.string, "application_authorization_revoked"), "only a revocation removes")
        }
        let compact = OwnerRezEvent(text: event.text, (try? JSON.parse(json.text)) ?? .null)
        checkEnvelope(of: event, json)
        hold(compact == event, "how its JSON is written makes no other event of it")
    }

    private static func checkEnvelope(of event: OwnerRezEvent, _ json: JSON) {
        let record = Record(
            key: RecordKey(partition: "ownerrez-inbox#0", sort: "1790000000000-0123456789ab"),
            attributes: ["event": event.text], revision: 1)
        guard let waiting = try? WaitingEvent(record) else { return hold(false, "what is kept can be read again") }
        let envelope = OutgoingEvent(waiting, as: .envelope, of: "user-42").text
        hold(envelope.hasSuffix(",\"event\":\(event.text)}"), "an envelope has the event to the byte")
        do throws(JSONError) {
            let parsed = try JSON.parse(Array(envelope.utf8))
            hold(parsed.members?.count == 6 && parsed["event"] == json, "and is JSON around it")
        } catch {
            hold(error.reason == .nestedTooDeeply, "and is JSON around it")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool { byte.isASCIIAlphanumeric || "_-.".utf8.contains(byte) }

    /// `ownerrez:new:password` and `ownerrez:old`.
    private static let proofs = ["b3duZXJyZXo6bmV3OnBhc3N3b3Jk", "b3duZXJyZXo6b2xk"]

    private static let credentials: BasicCredentials = {
        var settings = SettingsReader(
            Environment([
                "HOOK_USER": "ownerrez", "HOOK_PASSWORD": "new:password", "HOOK_PASSWORD_PREVIOUS": "old",
                // Where no refusal waits: with a second for each the fuzzer came to five in a second.
                "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
            ]))
        let credentials = BasicCredentials("HOOK", realm: "fuzz", shortest: 1, reading: &settings)
        precondition(settings.problems.isEmpty)
        return credentials
    }()

    /// Its time begins when it is used: a test may wait for its turn.
    private static var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }
}
