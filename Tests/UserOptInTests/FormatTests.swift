import Testing

@testable import UserOptIn

@Suite("Formats of an opt-in")
struct FormatTests {
    @Test(
        "names of people",
        arguments: [
            "Ada", "O'Brien", "d’Arc", "Jean-Luc", "José", "Nguyễn", "李小龍", "محمد", "Louis XIV", "St. John",
            "می\u{200C}خواهم",
        ])
    func names(name: String) { #expect(isPersonName(name)) }

    @Test(
        "what is no name",
        arguments: [
            "", " ", "-", "Ada\n", "Ada\r\nX-Header: 1", "Ada 🙂", "\u{202E}adA", "Ada\u{200E}", "Ada\u{0}",
            "<b>Ada</b>",
            String(repeating: "a", count: 101), "Ada\u{2028}",
        ])
    func noNames(name: String) { #expect(!isPersonName(name)) }

    @Test(
        "E.164",
        arguments: [
            ("+15556667777", true), ("+447911123456", true), ("15556667777", false), ("+0555666777", false),
            ("+1 555 666 7777", false), ("+1555666777788899", false), ("+", false), ("", false),
            ("+1555666777a", false),
            ("+１５５５６６６７７７７", false),
        ])
    func phones(phone: String, isValid: Bool) { #expect(isE164(phone) == isValid) }

    @Test(
        "e-mail addresses",
        arguments: [
            ("ada@example.com", true), ("a+b@x.co", true), ("ada", false), ("@x.co", false), ("a@b", false),
            ("a@b..c", false), ("a@b@c.d", false), ("a b@c.d", false), ("a@c.d\n", false), ("", false),
        ])
    func emails(email: String, isValid: Bool) { #expect(isEmailAddress(email) == isValid) }

    @Test(
        "states and territories",
        arguments: [
            ("CA", true), ("DC", true), ("PR", true), ("ca", false), ("XX", false), ("California", false), ("", false),
        ])
    func states(code: String, isValid: Bool) { #expect(isUSState(code) == isValid) }
}
