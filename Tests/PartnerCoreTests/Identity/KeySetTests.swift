import Testing

@testable import PartnerCore

@Suite("The key that verifies a token")
struct KeySetTests {
    private func verdict(_ keys: String..., on token: String) throws -> String {
        let set = try #require(KeySet(json(#"{"keys":[\#(keys.joined(separator: ","))]}"#)))
        switch try set.verdict(on: JSONWebToken(token)) {
        case .verified: return "verified"
        case .refused(let reason): return "refused: \(reason)"
        case .unknown(let reason): return "unknown: \(reason)"
        }
    }

    private func named(_ key: String, _ name: String) -> String {
        key.replacing(#"{"kty""#, with: #"{"kid":"\#(name)","kty""#)
    }

    /// The RFC's token, under another header: no key has signed it.
    private func forged(kid: String) -> String {
        let header = Base64.encodeURL(Array(#"{"alg":"ES256","kid":"\#(kid)"}"#.utf8))
        return header + rfcECToken.drop { $0 != "." }
    }

    @Test("is one of the algorithm's")
    func keyTypes() throws {
        #expect(try verdict(rfcRSAKey, on: rfcECToken) == "unknown: keyUnknown")
        #expect(try verdict(rfcRSAKey, rfcEdKey, rfcECKey, on: rfcECToken) == "verified")
    }

    @Test(
        "is no point of Ed25519's under which anybody's signature verifies",
        arguments: [
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "7P_______________________________________38",
            "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
            "7f_______________________________________38", "7v_______________________________________38",
        ])
    func smallOrder(x: String) throws {
        #expect(try KeySet(json(#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}]}"#)) == nil)
    }

    @Test("may be listed twice")
    func twice() throws {
        #expect(try verdict(rfcECKey, rfcECKey, on: rfcECToken) == "verified")
        #expect(try verdict(named(rfcECKey, "a"), named(rfcECKey, "b"), on: rfcECToken) == "verified")
    }

    @Test("must be the only one that it can be, where the token has no kid")
    func ambiguous() throws {
        #expect(try verdict(rfcECKey, otherECKey, on: rfcECToken) == "unknown: keyAmbiguous")
        #expect(try verdict(named(rfcECKey, "a"), named(otherECKey, "b"), on: rfcECToken) == "unknown: keyAmbiguous")
    }

    @Test("is the one without a kid, where no other has the token's")
    func nameless() throws {
        // That the key is tried shows in the reason: whether it verifies is for tokens with a kid in the acceptance tests.
        #expect(try verdict(rfcECKey, on: forged(kid: "a")) == "unknown: signatureWrong")
        #expect(try verdict(rfcECKey, rfcECKey, on: forged(kid: "a")) == "unknown: signatureWrong")
        #expect(try verdict(rfcECKey, otherECKey, on: forged(kid: "a")) == "unknown: keyAmbiguous")
        #expect(try verdict(rfcECKey, named(otherECKey, "a"), on: forged(kid: "a")) == "refused: signatureWrong")
        #expect(try verdict(named(rfcECKey, "b"), on: forged(kid: "a")) == "unknown: keyUnknown")
    }

    @Test("is named to the byte")
    func bytes() throws {
        #expect(try verdict(named(rfcECKey, "K"), on: forged(kid: "\u{212A}")) == "unknown: keyUnknown")
        #expect(try verdict(named(rfcECKey, "\u{e9}"), on: forged(kid: "e\u{301}")) == "unknown: keyUnknown")
    }
}

private let otherECKey =
    #"{"kty":"EC","crv":"P-256","x":"cEWULF4AFiXGrd3h_Lt_NW4I9nmqgufw9HdhcxJv0bU","#
    + #""y":"TInPoe6zbUlnm3HpPbqn2BOs0Kr6tIdtV0yxMbu3t80"}"#
