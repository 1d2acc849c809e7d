import Foundation
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The issuer of development identities")
struct DevelopmentIssuerTests {
    private let issuer = DevelopmentIssuer(issuer: "http://127.0.0.1:1/issuer")
    private let now = Timestamp(epochSeconds: 1_800_000_000)

    private func claims(_ token: String, at time: Timestamp? = nil) -> JSON? {
        issuer.claims(
            of: Request(method: "GET", path: "/", headers: ["Authorization": "Bearer \(token)"]), now: time ?? now)
    }

    private func part(_ json: String) -> String {
        Data(json.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
    }

    @Test("its own token is good until it expires, and says who it is")
    func good() throws {
        let token = issuer.token(for: ["sub": "user-1"], now: now)
        #expect(claims(token)?["sub"] == "user-1")
        #expect(claims(token, at: Timestamp(epochSeconds: now.epochSeconds + 8 * 3600 - 1)) != nil)
        #expect(claims(token, at: Timestamp(epochSeconds: now.epochSeconds + 8 * 3600)) == nil)
    }

    @Test("a token of another key, a changed one, and one without a signature are refused")
    func forged() {
        let other = DevelopmentIssuer(issuer: issuer.issuer).token(for: ["sub": "user-1"], now: now)
        #expect(claims(other) == nil)
        let parts = issuer.token(for: ["sub": "user-1"], now: now).split(separator: ".")
        let payload = part(
            #"{"iss":"http://127.0.0.1:1/issuer","aud":"partner-functions-development","exp":1900000000,"sub":"x"}"#)
        #expect(claims("\(parts[0]).\(payload).\(parts[2])") == nil)
        #expect(claims("\(parts[0]).\(parts[1]).") == nil)
        #expect(claims("\(part(#"{"alg":"none","kid":"development"}"#)).\(payload).") == nil)
        #expect(claims("\(parts[0]).\(parts[1])") == nil)
        #expect(claims("\(parts[0]).\(parts[1]).\(parts[2]).x") == nil)
    }

    @Test("a token of another issuer is refused, though the key is the same")
    func otherIssuer() {
        let key = SigningKey()
        let (one, other) = (
            DevelopmentIssuer(issuer: "http://one", key: key), DevelopmentIssuer(issuer: "http://other", key: key)
        )
        let request = Request(
            method: "GET", path: "/", headers: ["Authorization": "Bearer \(one.token(for: [:], now: now))"])
        #expect(one.claims(of: request, now: now) != nil)
        #expect(other.claims(of: request, now: now) == nil)
    }

    @Test("two Authorization fields are none")
    func doubled() {
        let field = "Bearer \(issuer.token(for: ["sub": "user-1"], now: now))"
        let request = Request(method: "GET", path: "/", headers: ["Authorization": field, "authorization": field])
        #expect(issuer.claims(of: request, now: now) == nil)
    }
}
