import Foundation
import PartnerCore

extension Response {
    /// A function's answer in payload format 2.0, as an HTTP API sends it on. Nil when it is none, which the caller
    /// gets to see as 500.
    init?(gatewayAnswer bytes: [UInt8]) {
        guard let answer = try? JSON.parse(bytes, duplicates: .lastWins) else { return nil }
        // Without a status the whole answer is a body.
        guard let statusCode = answer["statusCode"] else {
            self.init(status: 200, headers: ["Content-Type": "application/json"], body: bytes)
            return
        }
        guard let status = statusCode.integer, (100...599).contains(status) else { return nil }
        var headers = Headers()
        for member in answer["headers"]?.members ?? [] {
            guard let value = member.value.string else { return nil }
            headers.add(member.name, value)
        }
        for cookie in answer["cookies"]?.array ?? [] {
            guard let value = cookie.string else { return nil }
            headers.add("Set-Cookie", value)
        }
        let text = answer["body"]?.present?.string ?? ""
        if answer["isBase64Encoded"]?.bool == true {
            guard let body = Data(base64Encoded: text) else { return nil }
            self.init(status: status, headers: headers, body: Array(body))
        } else {
            self.init(status: status, headers: headers, body: Array(text.utf8))
        }
    }

    /// The gateway's own words: `{"message":"Not Found"}`.
    static func gatewayMessage(_ status: Int, _ message: String) -> Response {
        Response(
            status: status, headers: ["Content-Type": "application/json"],
            body: JSON.object([JSON.Member("message", .string(message))]).text)
    }
}
