import Testing

@testable import PartnerCore

@Suite("Hashes of what identifies people")
struct IdentifierHashTests {
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func problems(_ key: String) -> [SettingsReader.Problem] {
        var settings = SettingsReader(Environment(["IDENTIFIER_HASH_KEY": key]))
        _ = IdentifierHash(reading: &settings)
        return settings.problems
    }

    private func hash(_ key: String = Self.key) -> IdentifierHash {
        var settings = SettingsReader(Environment(["IDENTIFIER_HASH_KEY": key]))
        return IdentifierHash(reading: &settings)
    }

    @Test("what another implementation of HMAC-SHA-256 makes of it")
    func known() {
        // By Python's hmac: the key 00..1f, the list as compact JSON.
        let expected = "4951ece3c70dc51f35d29c3bfa3ca3eb9af1ffbdcc6f859fa731450eea1b9596"
        #expect(hash().hash(["+15556667777", "ada@example.com"], for: "contact") == expected)
    }

    @Test("another key, purpose, list or border between parts is another hash")
    func others() {
        let other = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        let hashes = [
            hash().hash(["a", "b"], for: "contact"), hash(other).hash(["a", "b"], for: "contact"),
            hash().hash(["a", "b"], for: "subject"), hash().hash(["b", "a"], for: "contact"),
            hash().hash(["ab"], for: "contact"), hash().hash(["a", "b", ""], for: "contact"),
            hash().hash(["a\",\"b"], for: "contact"),
        ]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("a key is 32 bytes in base64", arguments: ["c2hvcnQ=", "nonsense", Self.key + Self.key, " " + Self.key])
    func refused(key: String) {
        #expect(
            problems(key) == [
                .init(
                    name: "IDENTIFIER_HASH_KEY",
                    expected: "expected base64 of 32 bytes, as openssl rand -base64 32 makes it")
            ])
    }

    @Test("it is required")
    func missing() {
        var settings = SettingsReader(Environment([:]))
        _ = IdentifierHash(reading: &settings)
        #expect(settings.problems.map { $0.name } == ["IDENTIFIER_HASH_KEY"])
        #expect(problems(Self.key) == [])
    }
}
