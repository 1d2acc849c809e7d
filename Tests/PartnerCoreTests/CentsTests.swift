import Testing

@testable import PartnerCore

@Suite("Amounts in cents")
struct CentsTests {
    @Test(
        "a number of dollars that is exactly a number of cents is taken",
        arguments: [
            ("1", 100), ("1.00", 100), ("0.99", 99), ("100.01", 10001), ("25.10", 2510), ("1e2", 10000),
            ("2.5e1", 2500),
            ("25.100", 2510), ("2.51e1", 2510), ("2510e-2", 2510), ("0.0251E+3", 2510), ("25.000000000000000000", 2500),
            ("0e999999999999999999999", 0), ("999999999.99", 99_999_999_999),
            ("-5", -500), ("0", 0), ("-0", 0), ("79.99", 7999), ("0.29", 29), ("1.15", 115),
        ])
    func taken(text: String, cents: Int) throws {
        #expect(Cents(dollars: try JSON.parse(Array(text.utf8)))?.count == cents)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "25.001", "\"25\"", "null", "[]", "1e300", "1e10", "9007199254740993", "24.999999999999999999",
            "25.000000000000000001", "25.100000000000001", "1000000000", "1e-3", "1e400", "1e-400",
            "251e99999999999999999999",
            "92233720368547758.08", "123456789012345678901", "251e-9223372036854775809",
        ])
    func refused(text: String) throws {
        #expect(Cents(dollars: try JSON.parse(Array(text.utf8))) == nil)
    }

    @Test("every amount from 1.00 to 100.00 leaves as it came")
    func everyAmount() throws {
        for count in 100...10_000 {
            let text = Cents(count).dollars.text
            #expect(text.count <= 6)
            #expect(Cents(dollars: try JSON.parse(text))?.count == count)
        }
    }

    @Test("2510 leaves as 25.1")
    func wire() {
        #expect(String(decoding: Cents(2510).dollars.text, as: UTF8.self) == "25.1")
        #expect(Cents(2510).text == "25.10")
        #expect(Cents(2505).text == "25.05")
    }
}
