import PartnerCore
import Testing

@testable import UserOptIn

@Suite("The form of a claim")
struct ClaimFormTests {
    private func form(_ text: String) throws -> ClaimForm { try ClaimForm(JSON.parse(Array(text.utf8))) }

    @Test("has a product, and may have a language; what else there is counts for nothing")
    func good() throws {
        let plain = try form(#"{"product":"KV934TZ93NQM"}"#)
        #expect(plain.product == "KV934TZ93NQM" && plain.language == nil)
        #expect(try form(#"{"product":"paypal","language":null,"userId":"XT_USR2"}"#).language == nil)
        for language in ["en", "es-MX", "zh-Hant-TW", "ast"] {
            #expect(try form(#"{"product":"p","language":"\#(language)"}"#).language == language)
        }
    }

    @Test(
        "anything else is refused by its name",
        arguments: [
            #"{}"#, #"{"product":""}"#, #"{"product":1}"#, #"{"product":null}"#, #"{"product":["a"]}"#,
            #"{"product":"a b"}"#, #"{"product":"a\r\nX: y"}"#, #"{"product":"é"}"#, #"{"product":"a\u0000"}"#,
            #"{"product":"\#(String(repeating: "a", count: 129))"}"#,
        ])
    func products(text: String) {
        #expect(
            throws: FunctionError.parameter(
                "product", "the id of a product of Ownli's: 1 to 128 visible characters of ASCII")
        ) { try form(text) }
    }

    @Test(
        "so is what is no language",
        arguments: ["", "e", "engl", "en_US", "en-", "-en", "en-x", "e1", "en&a=b", "en US", "en-US-a1-b2-c3"])
    func languages(language: String) {
        #expect(throws: FunctionError.parameter("language", "a language's tag, like en or es-MX")) {
            try form(#"{"product":"p","language":"\#(language)"}"#)
        }
    }
}
