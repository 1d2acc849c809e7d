import Testing

@testable import PartnerCore

@Suite("A reference to a secret")
struct SecretReferenceTests {
    @Test(
        "is an id or an ARN, with or without a key",
        arguments: [
            ("prod/ownli", "prod/ownli", nil), ("prod/ownli#clientSecret", "prod/ownli", "clientSecret"),
            ("a#b#c d", "a", "b#c d"),
            (
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/ownli-AbCdEf#key",
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/ownli-AbCdEf", "key"
            ),
        ] as [(String, String, String?)])
    func reference(text: String, id: String, key: String?) {
        #expect(SecretReference(text)?.id == id)
        #expect(SecretReference(text)?.key == key)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "#key", "id#", "two words", "id\n", "caf\u{e9}", #"{"a":1}"#, String(repeating: "x", count: 2049),
        ])
    func noReference(text: String) {
        #expect(SecretReference(text) == nil)
    }

    @Test("without a key the whole text is the secret, with one the key's text is")
    func value() throws {
        let json = Secret(#"{"clientSecret":"s3cret","other":1}"#)
        #expect(try SecretReference("id#clientSecret")!.value(in: json) == Secret("s3cret"))
        #expect(try SecretReference("id")!.value(in: json) == json)
    }

    @Test(
        "says what is missing in the secret, and nothing of what is there",
        arguments: [
            ("id#key", #"{"other":"s3cret"}"#, .noSuchKey), ("id#key", "s3cret", .notJSON), ("id#key", "", .notJSON),
            ("id#key", #"["s3cret"]"#, .notJSON), ("id#key", #"{"key":5}"#, .noText),
            ("id#key", #"{"key":""}"#, .noText),
            ("id#key", #"{"key":null}"#, .noText), ("id#key", #"{"key":"a","key":"b"}"#, .notJSON), ("id", "", .noText),
        ] as [(String, String, SecretError)])
    func problems(reference: String, text: String, expected: SecretError) {
        #expect(throws: expected) { try SecretReference(reference)!.value(in: Secret(text)) }
        #expect(!expected.description.contains("s3cret"))
    }
}
