import Testing

@testable import PartnerCore

@Suite("A token's claims")
struct TokenClaimsTests {
    private static let now = 1_900_000_000

    private func refusal(_ changes: (String, String?)...) throws -> TokenError? {
        var claims = ["iss": #""https://issuer.example""#, "aud": #""app""#, "exp": "\(Self.now + 300)"]
        for (name, value) in changes { claims[name] = value }
        let text = "{" + claims.map { #""\#($0)":\#($1)"# }.joined(separator: ",") + "}"
        let verifier = TokenVerifier(
            issuer: "https://issuer.example", audiences: ["app", "Kiosk"], clients: ["client", "Kiosk"],
            keys: KeyCache(staleHours: 0) { (_) throws(KeySourceError) in throw .noUsableKey },
            now: { Timestamp(epochSeconds: Self.now) })
        let json = try json(text)
        do throws(TokenError) { try verifier.check(json) } catch { return error }
        return nil
    }

    @Test("times may have a fraction, and be beyond all reason")
    func numericDates() throws {
        for exp in ["\(Self.now + 1).5", "1.9e9", "1e300", "9223372036854775807", "\(Self.now - 59).001"] {
            #expect(try refusal(("exp", exp)) == nil)
        }
        for exp in ["\(Self.now - 60)", "\(Self.now - 60).0", "1.8e9", "-1e300", "-9223372036854775808", "0", "0.5"] {
            #expect(try refusal(("exp", exp)) == .expired)
        }
        for exp in [nil, "null", #""1900000300""#, "true", "[1900000300]", "{}"] {
            #expect(try refusal(("exp", exp)) == .expiryMissing)
        }
        for (name, reason) in [("nbf", TokenError.notYetValid), ("iat", .issuedInFuture)] {
            for past in [nil, "0", "-1e300", "\(Self.now + 60)", "\(Self.now + 59).999"] {
                #expect(try refusal((name, past)) == nil)
            }
            for ahead in ["\(Self.now + 60).5", "\(Self.now + 61)", "1e300", "9223372036854775807", "null", #""0""#] {
                #expect(try refusal((name, ahead)) == reason)
            }
        }
    }

    @Test("an access token without an audience is for the client that it names")
    func clientID() throws {
        let access = ("token_use", #""access""#)
        #expect(try refusal(("aud", nil), access, ("client_id", #""client""#)) == nil)
        #expect(try refusal(("aud", nil), access, ("client_id", #""app""#)) == .audienceWrong)
        #expect(try refusal(("aud", nil), access, ("client_id", #"["client"]"#)) == .audienceWrong)
        #expect(try refusal(("aud", nil), access) == .audienceWrong)
        #expect(try refusal(("aud", nil), ("client_id", #""client""#)) == .audienceWrong)
        #expect(try refusal(("aud", nil), ("token_use", #""id""#), ("client_id", #""client""#)) == .audienceWrong)
    }

    @Test("one with an audience is for that, whatever client it names")
    func audience() throws {
        for aud in [#""other""#, #"["other"]"#, "[]", "null", "7", "[7]", #""client""#] {
            let access = ("token_use", #""access""#)
            #expect(try refusal(("aud", aud), access, ("client_id", #""client""#)) == .audienceWrong)
        }
        #expect(try refusal(("aud", #"[7,"app"]"#)) == nil)
    }

    @Test("names are compared by the byte")
    func bytes() throws {
        #expect(try refusal(("aud", #""\u212Aiosk""#)) == .audienceWrong)
        #expect(try refusal(("aud", #"["\u212Aiosk"]"#)) == .audienceWrong)
        let access = ("token_use", #""access""#)
        #expect(try refusal(("aud", nil), access, ("client_id", #""\u212Aiosk""#)) == .audienceWrong)
        #expect(try refusal(("iss", #""https://issuer.example\u0301""#)) == .issuerWrong)
    }
}
