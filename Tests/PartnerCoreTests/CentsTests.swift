import Testing

@testable import PartnerCore

@Suite("Amounts in cents")
struct CentsTests {
    @Test(
        "a number of dollars that is exactly a number of cents is taken",
        arguments: [
            ("1", 100), ("1.00", 100), ("0.99", 99), ("100.01", 10001), ("25.10", 2510), ("1e2", 10000),
            ("2.5e1", 2500),
            ("-5", -500), ("0", 0), ("-0", 0), ("79.99", 7999), ("0.29", 29), ("1.15", 115),
        ])
    func taken(text: String, cents: Int) throws {
        #expect(Cents(dollars: try JSON.parse(Array(text.utf8)))?.count == cents)
    }

    @Test(
        "anything else is refused", arguments: ["25.001", "\"25\"", "null", "[]", "1e300", "1e10", "9007199254740993"])
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
