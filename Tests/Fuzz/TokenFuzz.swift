@testable import PartnerCore

/// A bearer token as it comes; or, in three lines, its header, its payload and its signature before they are encoded.
/// Whoever threw away the private keys cannot sign, and neither can a fuzzer: but for the two tokens that were signed
/// then, nothing may be accepted.
enum TokenFuzz {
    static func run(_ input: [UInt8]) {
        let parts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        let text =
            parts.count == 3
            ? parts.map { Base64.encodeURL(Array($0)) }.joined(separator: ".") : String(decoding: input, as: UTF8.self)
        if let token = try? JSONWebToken(text) { check(token, text) }
        do throws(FunctionError) {
            let claims = try verifier.claims(of: text, in: invocation)
            let text = unsigned(text)
            hold(signed.contains { unsigned($0).elementsEqual(text) }, "nothing is accepted that was not signed")
            hold(isSame(claims["sub"]?.string, "u-1"), "the claims are those that were signed")
        } catch {
            hold(error.status == 401 && error.challenge != nil, "who is not accepted is told to sign in")
            hold(!signed.contains(text), "what was signed is accepted")
        }
    }

    private static func check(_ token: JSONWebToken, _ text: String) {
        hold(text.utf8.count <= JSONWebToken.longest, "a token is within its limit")
        hold(
            text.utf8.elementsEqual(token.signedText + ".".utf8 + Base64.encodeURL(token.signature).utf8),
            "what is verified is what came")
        let parts = token.signedText.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        hold(parts.count == 2, "a token has a header, a payload and a signature")
        hold(parts[1].elementsEqual(Base64.encodeURL(token.payload).utf8), "the payload is what was signed")
        let header = Base64.decodeURL(String(decoding: parts[0], as: UTF8.self)).flatMap { try? JSON.parse($0) }
        hold(
            header?["alg"]?.exact.flatMap { SignatureAlgorithm($0) } == token.algorithm, "the algorithm is the header's"
        )
        hold(header?["crit"] == nil, "nothing critical is passed over")
        hold(header?["kid"]?.exact == token.keyID, "the key's id is the header's")
    }

    private static func unsigned(_ token: String) -> Substring.UTF8View {
        let end = token.utf8.lastIndex(of: UInt8(ascii: ".")) ?? token.utf8.endIndex
        return token[..<end].utf8
    }

    /// Its time begins when it is used: a test may wait for its turn.
    private static var invocation: Invocation {
        Invocation(requestID: "r", deadline: .after(milliseconds: 20_000), log: Log(descriptor: -1))
    }

    private static let verifier: TokenVerifier = {
        let keys = KeySet((try? JSON.parse(Array(published.utf8))) ?? .null)!
        // Time stands still: no key grows old, and no token.
        let cache = KeyCache(
            staleHours: 0, now: { Moment(running: Instant(nanoseconds: 0), wall: Timestamp(epochSeconds: 0)) },
            fetch: { (_) throws(KeySourceError) in keys })
        return TokenVerifier(
            issuer: "https://issuer.example", audiences: ["app"], clients: [], keys: cache,
            now: { Timestamp(epochSeconds: 1_900_000_000) })
    }()

    private static let published =
        #"{"keys":[{"kty":"RSA","kid":"rsa","e":"AQAB","n":"66AlSSSwsx68qlNURRDh3sAM1dzBqqjp4YCyPPCGsF_OPXjrKmZaVWvm8XFpRHj7h8KEHBNe8JGh2XXRYSZBs8Pc1y-l6aMHEiw6"#
        + "iz6OucyLjFjoxQcDSNg7e1bNuDOWfXA64X9OStcmsIzNpPiUForKyajrZSiR9f52ER6-2kFgJwJOhEF7MdX7OYW5iIw2PmjJwJ_8"
        + "ysdfI6HrhLIZeg_F0ix-wSUCRKdpPbKe7xhWh_zWmBX9CDspb9Ot4_nNQxThENlNTmeAPslVhCOvWzYZ1ip1c2dlO0zijCkzPpcF"
        + #"0CjBgKz3QiFMVUDumQr7hnI-wL5nOjmFmnMesU1iJw"},"#
        + #"{"kty":"EC","kid":"ec","crv":"P-256","x":"cEWULF4AFiXGrd3h_Lt_NW4I9nmqgufw9HdhcxJv0bU","#
        + #""y":"TInPoe6zbUlnm3HpPbqn2BOs0Kr6tIdtV0yxMbu3t80"}]}"#

    private static let signed = [
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXV"
            + "kIjoiYXBwIiwic3ViIjoidS0xIiwiZXhwIjoyMDAwMDAwMDAwfQ.DnyoIeoz-zmy5WVVzvfgcmQKKlHGRLsS3zFiyuYCAV4R4R06"
            + "ppNoUwM3GuR_TrZYTyTsMgwxgu8ooCOxmJ4NKTEVHGLjiOYnfjb-XVspLbg4mW-KqNCM1NF-aqpKPGHMhxH62QMxz7Yrpt2lMxCI"
            + "I6Lj5GxB2M1b4W4jMbuwlgfE02BYnpJ4r7cu2vM9R5oV0L_tPfFP1fhWOPXs5F2_L0eeh6-8AUsjAuBfcBOfn-CpCZDtx1jDapfK"
            + "aMwesfGlwzs_BI8nI199F-RoWapIg1xxG0teKegcEL_SF9IjCv-tzqUF8YHNLQtHqQGv4pCOxzV7BTJzafJSbGMBG3-JSQ",
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVk"
            + "IjoiYXBwIiwic3ViIjoidS0xIiwiZXhwIjoyMDAwMDAwMDAwfQ.eXlaynTpMYNwL_BeFJ35bnHpCO0S1Y2B4Apm-rQaVqfalMDmr"
            + "OM80OR50o3_M-UXW0BuhcDoRkEUYE8sIKl0og",
    ]
}
