import Testing

@testable import PartnerCore

@Suite("JSON Web Tokens")
struct JSONWebTokenTests {
    @Test("the RS256 example of RFC 7515 (appendix A.2) verifies, and not when a bit is changed")
    func rs256() throws { try verify(rfcRSAToken, rfcRSAKey) }

    @Test("the ES256 example of RFC 7515 (appendix A.3) verifies, and not when a bit is changed")
    func es256() throws { try verify(rfcECToken, rfcECKey) }

    @Test("the Ed25519 example of RFC 8037 (appendix A.4) verifies, and not when a bit is changed")
    func ed25519() throws { try verify(rfcEdToken, rfcEdKey) }

    @Test(
        "keys that are not for us are passed over",
        arguments: [
            "null", "{}", #"{"kty":"oct","k":"AAAA"}"#, #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
            rfcRSAKey.replacing("AQAB", with: "AQ"), rfcRSAKey.replacing(#""RSA""#, with: #""RSA","use":"enc""#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","use":7"#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","alg":"RSA-OAEP""#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","alg":"HS256""#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","alg":"ES256""#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","alg":256"#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","kid":7"#),
            rfcRSAKey.replacing(#""RSA""#, with: #""RSA","key_ops":["encrypt"]"#),
            rfcECKey.replacing("P-256", with: "P-384"), rfcECKey.replacing("P-256", with: "secp256k1"),
            rfcECKey.replacing(#""EC""#, with: #""EC","alg":"ES384""#), rfcECKey.replacing("f83O", with: "f83P"),
            rfcEdKey.replacing("Ed25519", with: "X25519"), rfcEdKey.replacing("11qY", with: ""),
        ])
    func unusable(jwk: String) throws { #expect(try VerificationKey(json(jwk)) == nil) }

    @Test(
        "what is null is as good as absent",
        arguments: [#""use":null"#, #""alg":null"#, #""kid":null"#, #""key_ops":null"#])
    func null(member: String) throws {
        #expect(try VerificationKey(json(rfcECKey.replacing(#""EC""#, with: #""EC",\#(member)"#))) != nil)
    }

    @Test("nothing is an algorithm's name but the name, to the byte")
    func names() {
        for name in ["none", "None", "HS256", "rs256", "RS256 ", "RS1", "ES256\u{212A}", "ES256K", "Ed448", ""] {
            #expect(SignatureAlgorithm(ExactText(name)) == nil)
        }
    }

    private func verify(_ text: String, _ jwk: String) throws {
        let key = try #require(VerificationKey(json(jwk)))
        let token = try JSONWebToken(text)
        #expect(key.verifies(token))
        let parts = text.split(separator: ".").map { String($0) }
        func changed(_ part: Int) throws -> JSONWebToken {
            var bytes = try #require(Base64.decodeURL(parts[part]))
            bytes[10] ^= 1
            var parts = parts
            parts[part] = Base64.encodeURL(bytes)
            return try JSONWebToken(parts.joined(separator: "."))
        }
        #expect(try !key.verifies(changed(1)))
        #expect(try !key.verifies(changed(2)))
    }
}

let rfcRSAKey =
    #"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-"#
    + "yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
    + "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91"
    + #"kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#
let rfcRSAToken =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
    + "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb"
    + "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
    + "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
    + "oypGlUPQGe77Rw"
let rfcECKey =
    #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
    + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
let rfcECToken =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
    + "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
let rfcEdKey = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
private let rfcEdToken =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iy"
    + "lGjg5BhVsPt9g7sVvpAr_MuM0KAg"
