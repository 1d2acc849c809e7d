import PartnerCore
import TestSupport
import Testing

@testable import PartnerDev

/// A sandbox on a port of its own, and what tests ask of it over real HTTP.
final class SandboxClient: Sendable {
    let port: Int

    struct Answer {
        let status: Int
        /// The header as it came.
        let head: String
        let text: String
        let ending: RawConnection.Ending

        /// The body as JSON; null when it is none.
        var json: JSON { (try? JSON.parse(Array(text.utf8))) ?? .null }
        var code: String? { json["error_code"]?.string }
    }

    private init(port: Int) { self.port = port }

    /// Runs a sandbox around a test.
    static func with(tokenLifetime: Int = 3600, _ body: (SandboxClient) throws -> Void) throws {
        let sandbox = Sandbox(tokenLifetime: tokenLifetime)
        let server = try HTTPServer(port: 0, now: { sandbox.now }) { sandbox.reply(to: $0) }
        guard let running = Thread({ server.run() }) else { fatalError("The system has no thread left to give") }
        let result = Result { try body(SandboxClient(port: server.port)) }
        sandbox.stop()
        server.stop()
        running.join()
        try result.get()
    }

    func send(
        _ method: String, _ target: String, token: String? = nil, body: String? = nil,
        type: String = "application/json", headers: String = ""
    ) throws -> Answer {
        let connection = try #require(RawConnection(port: port))
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\(headers)"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        if let body { head += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n" }
        connection.send(head + "\r\n" + (body ?? ""))
        let (text, ending) = connection.readToEnd()
        guard let end = text.firstRange(of: "\r\n\r\n") else {
            return Answer(status: 0, head: "", text: text, ending: ending)
        }
        return Answer(
            status: Int(text.dropFirst(9).prefix(3)) ?? 0, head: String(text[..<end.lowerBound]),
            text: String(text[end.upperBound...]), ending: ending)
    }

    func token(_ scope: String = "admin") throws -> String {
        let answer = try send("POST", "/api/auth/token", body: Self.tokenBody(scope))
        return try #require(answer.json["access_token"]?.string)
    }

    static func tokenBody(_ scope: String) -> String {
        #"{"clientId":"sandbox-client","clientSecret":"sandbox-secret","partnerId":"sandbox-partner","scope":"\#(scope)"}"#
    }

    func createUser(_ token: String, email: String = "ann@example.com", phone: String = "+15556667777") throws -> Answer
    {
        try send(
            "POST", "/api/users?returnExistingUserIfExists=true", token: token, body: Self.userBody(email, phone))
    }

    static func userBody(_ email: String, _ phone: String) -> String {
        #"{"firstName":"Ann","lastName":"Lee","email":"\#(email)","phone":"\#(phone)","address":{"state":"CA"}}"#
    }

    func grant(
        _ token: String, _ user: String, _ amount: String = "25.10", action: String = "device-purchase",
        reference: String = "order-1"
    ) throws -> Answer {
        try send(
            "POST", "/api/rewards/grant", token: token,
            body:
                #"{"userId":"\#(user)","amount":\#(amount),"actionCode":"\#(action)","clientReference":"\#(reference)"}"#
        )
    }

    func fault(_ body: String) throws {
        let answer = try send("POST", "/_sandbox/faults", body: body)
        #expect(answer.status == 200, "\(answer.text)")
    }

    func calls() throws -> [JSON] {
        try #require(try send("GET", "/_sandbox/calls").json["calls"]?.array)
    }

    func counts() throws -> JSON { try send("GET", "/_sandbox/state").json }
}
