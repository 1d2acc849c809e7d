import Testing

@testable import PartnerCore

@Suite("Base64")
struct Base64Tests {
    @Test(
        "the vectors of RFC 4648 section 10, both ways",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        #expect(Base64.decodeURL(encoded.filter { $0 != "=" }) == Array(plain.utf8))
    }

    @Test("every byte survives, whatever the length")
    func everyByte() {
        let bytes = (0...255).map { UInt8($0) }
        for count in 0...256 {
            #expect(Base64.decode(Base64.encode(Array(bytes.prefix(count)))) == Array(bytes.prefix(count)))
        }
    }

    @Test(
        "what no encoder makes is refused",
        arguments: [
            "A", "AA", "AAA", "=", "==", "===", "====", "A===", "AA=A", "AA==AA==", "AAA=AAAA", "AAAA====", "AAAA\n",
            " AAAA",
            "AAAA    ", "AA\nAA\n\n\n", "AA==\n", "AA-_", "AAA!", "AAAé", "AAA\u{0}", "\u{212A}A", "AB==", "AAB=",
        ])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("each alphabet is refused where the other is meant")
    func alphabets() {
        #expect(Base64.decode("-_-_") == nil)
        #expect(Base64.decode("+/+/") == [0xFB, 0xFF, 0xBF])
        #expect(Base64.decodeURL("-_-_") == [0xFB, 0xFF, 0xBF])
        for text in ["+/+/", "+_+_", "-/-/"] { #expect(Base64.decodeURL(text) == nil) }
    }

    @Test(
        "the URL-safe alphabet comes without padding",
        arguments: ["Zg==", "Zm8=", "A", "AAAAA", "AB", "Zg\n", "Zm9v\n", "Z g"])
    func urlRefused(text: String) {
        #expect(Base64.decodeURL(text) == nil)
    }
}
