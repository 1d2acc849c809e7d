import Testing

@testable import PartnerCore

@Suite("Sealed tokens")
struct TokenSealerTests {
    private let record = RecordKey(partition: "ownerrez-account#7", sort: "connection")
    private let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func sealer(_ keys: String) -> TokenSealer {
        var settings = SettingsReader(Environment(["TOKEN_ENCRYPTION_KEYS": keys]))
        let sealer = TokenSealer(reading: &settings)
        #expect(settings.problems == [])
        return sealer
    }

    @Test("what another implementation of AES-256-GCM sealed opens")
    func known() throws {
        // By Python's cryptography: the key 00..1f, the nonce 00..0b, the record's key as additional data.
        let sealed = "k1.AAECAwQFBgcICQoLHCC3b5qAunrgMfvuk8VaH_eJ4kyRFi8QXUW4uZk7cPDfj24ld00QBKKPMA"
        #expect(try sealer("k1:\(key)").open(sealed, in: record).reveal() == #"["at_example","rt_example"]"#)
    }

    @Test("each time with another nonce", arguments: ["", "at_example", "日本 😀"])
    func roundTrip(text: String) throws {
        let sealer = sealer("k1:\(key)")
        let sealed = (0..<3).map { _ in sealer.seal(Secret(text), in: record) }
        #expect(Set(sealed).count == 3)
        for each in sealed {
            #expect(each.hasPrefix("k1."))
            #expect(try sealer.open(each, in: record).reveal() == text)
        }
    }

    @Test("what was moved to another record does not open there")
    func moved() {
        let sealer = sealer("k1:\(key)")
        let sealed = sealer.seal(Secret("at_example"), in: record)
        for other in [
            RecordKey(partition: "ownerrez-account#8", sort: "connection"),
            RecordKey(partition: "ownerrez-account#7", sort: "revoked"),
            RecordKey(partition: "ownerrez-account#7\",\"connection", sort: ""),
        ] {
            #expect(throws: SealError.notAuthentic) { try sealer.open(sealed, in: other) }
        }
    }

    @Test("what was changed anywhere does not open")
    func changed() throws {
        let sealer = sealer("k1:\(key)")
        let sealed = sealer.seal(Secret("at_example"), in: record)
        let bytes = try #require(Base64.decodeURL(String(sealed.dropFirst(3))))
        for index in bytes.indices {
            var bad = bytes
            bad[index] ^= 1
            #expect(throws: SealError.notAuthentic) {
                try sealer.open("k1." + Base64.encodeURL(bad), in: record)
            }
        }
        for text in ["", "k1", "k1.", "k1.AAAA", "k1..", sealed + ".x", sealed + "=", "at_example"] {
            #expect(throws: SealError.notSealed) { try sealer.open(text, in: record) }
        }
    }

    @Test("the first key seals, all of them open, and an unknown one is said to be unknown")
    func rotation() throws {
        let other = Base64.encode([UInt8](repeating: 7, count: 32))
        let old = sealer("k1:\(key)").seal(Secret("at_example"), in: record)
        let both = sealer("k2:\(other), k1:\(key)")
        #expect(try both.open(old, in: record).reveal() == "at_example")
        let new = both.seal(Secret("at_example"), in: record)
        #expect(new.hasPrefix("k2."))
        #expect(throws: SealError.keyUnknown) { try sealer("k1:\(key)").open(new, in: record) }
        #expect(throws: SealError.notAuthentic) { try sealer("k1:\(other)").open(old, in: record) }
    }
}
