import Testing

@testable import PartnerCore

/// With the key of RFC 8037, appendix A.
@Suite("Ed25519 keys")
struct Ed25519Tests {
    private func key() throws -> Ed25519PrivateKey {
        let bytes = try #require(Base64.decodeURL("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
        return try #require(Ed25519PrivateKey(bytes))
    }

    @Test("the public key and its thumbprint are the RFC's (appendices A.2 and A.3)")
    func publicKey() throws {
        let key = try key().publicKey
        let expected =
            #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","#
            + #""kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","alg":"EdDSA","use":"sig"}"#
        #expect(String(decoding: key.jwk.text, as: UTF8.self) == expected)
        #expect(key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test("the signature is the RFC's (appendix A.4)")
    func signature() throws {
        let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        let signature = try key().signature(of: Array(text.utf8))
        #expect(
            Base64.encodeURL(signature)
                == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
        let token = try JSONWebToken(text + "." + Base64.encodeURL(signature))
        #expect(try key().publicKey.verifies(token))
    }

    @Test("a private key is 32 bytes", arguments: [0, 31, 33, 64])
    func length(count: Int) { #expect(Ed25519PrivateKey([UInt8](repeating: 7, count: count)) == nil) }

    @Test("a public key is read from its JWK, whatever that is called")
    func read() throws {
        let key = try key().publicKey
        #expect(Ed25519PublicKey(key.jwk) == key)
        #expect(Ed25519PublicKey(["kty": "OKP", "crv": "Ed25519", "x": key.jwk["x"]!, "kid": "mine"]) == key)
    }

    @Test(
        "nothing else is one",
        arguments: [
            #"{"kty":"OKP","crv":"Ed448","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            #"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"enc"}"#,
            #"{"kty":"OKP","crv":"Ed25519"}"#, "{}", "[]", #""key""#, rfcRSAKey, rfcECKey,
        ])
    func refused(text: String) throws { #expect(Ed25519PublicKey(try JSON.parse(Array(text.utf8))) == nil) }
}
