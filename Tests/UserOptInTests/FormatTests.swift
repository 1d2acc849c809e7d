import Testing

@testable import UserOptIn

@Suite("Formats of an opt-in")
struct FormatTests {
    @Test(
        "names of people",
        arguments: [
            "Ada", "O'Brien", "d’Arc", "Jean-Luc", "José", "Nguyễn", "李小龍", "محمد", "Louis XIV", "St. John",
            "می\u{200C}خواهم", "‘Akau", "Ka‘ahumanu", "Kaʻahumanu", "Ka`ahumanu", "O´Brien", "O＇Brien", "O′Brien",
            "Ravi s/o Kumar", "Anne\u{2011}Marie", "Anne\u{2013}Marie", "Vander\u{A0}Beek", "de\u{202F}Gaulle",
            "山田\u{3000}太郎", "ジョン・スミス", "Gal·la", "צ׳רלי", "Louis Ⅳ", "“Bob” Smith",
            "Smith, Jr.", "葛\u{E0100}城",
        ])
    func names(name: String) { #expect(problem(ofName: name) == nil) }

    @Test(
        "what is no name, and why",
        arguments: [
            ("", "a name of 1 to 100 characters"),
            (String(repeating: "a", count: 101), "a name of 1 to 100 characters"),
            (" ", "a name has letters"), ("-", "a name has letters"), ("...", "a name has letters"),
            ("1234", "a name has letters"), ("Ada\n", "U+000A is not taken in a name"),
            ("Ada\r\nX-Header: 1", "U+000D is not taken in a name"), ("Ada 🙂", "U+1F642 is not taken in a name"),
            ("\u{202E}adA", "U+202E is not taken in a name"), ("Ada\u{200E}", "U+200E is not taken in a name"),
            ("Ada\u{2066}", "U+2066 is not taken in a name"), ("Ada\u{0}", "U+0000 is not taken in a name"),
            ("<b>Ada</b>", "U+003C is not taken in a name"), ("Ada\u{2028}", "U+2028 is not taken in a name"),
            ("A\u{1F3FB}", "U+1F3FB is not taken in a name"), ("A☺", "U+263A is not taken in a name"),
            ("A1\u{FE0F}\u{20E3}", "U+20E3 is not taken in a name"), ("A\u{E000}", "U+E000 is not taken in a name"),
            ("A\u{FEFF}", "U+FEFF is not taken in a name"), ("A\u{200B}", "U+200B is not taken in a name"),
            ("A\u{AD}da", "U+00AD is not taken in a name"), ("A\t", "U+0009 is not taken in a name"),
            ("http://a.example", "U+003A is not taken in a name"), ("a@b.example", "U+0040 is not taken in a name"),
            ("{Ada}", "U+007B is not taken in a name"), ("$Ada", "U+0024 is not taken in a name"),
        ])
    func noNames(name: String, why: String) { #expect(problem(ofName: name) == why) }

    @Test(
        "lines of an address",
        arguments: [
            "1 Main St", "12½ Elm St #5", "Apt. 3 (rear)", "Ka‘a‘awa", "‘Ōla‘a Rd", "P.O. Box 7", "Calle 8 & 9",
            "N° 5", "1\u{A0}Main", "s/o", "c/o Ada @ Babbage's", "می\u{200C}خواهم",
        ])
    func lines(line: String) { #expect(problem(ofLine: line) == nil) }

    @Test(
        "what is no line of an address, and why",
        arguments: [
            ("", "a line of 1 to 200 characters"),
            (String(repeating: "a", count: 201), "a line of 1 to 200 characters"),
            ("a\nb", "U+000A is not taken in an address"), ("a\u{202E}b", "U+202E is not taken in an address"),
            ("a\u{2029}", "U+2029 is not taken in an address"), ("a\u{0}", "U+0000 is not taken in an address"),
            ("a🏠", "U+1F3E0 is not taken in an address"), ("a\u{E0041}", "U+E0041 is not taken in an address"),
        ])
    func noLines(line: String, why: String) { #expect(problem(ofLine: line) == why) }

    @Test(
        "phone numbers as people and identity providers write them",
        arguments: [
            ("+15556667777", "+15556667777"), ("+447911123456", "+447911123456"),
            ("+1 (425) 555-1212", "+14255551212"), ("tel:+1-425-555-1212", "+14255551212"),
            ("TEL:+14255551212", "+14255551212"), ("+1.425.555.1212", "+14255551212"),
            ("(+1) 425 555 1212", "+14255551212"), (" +1\u{A0}425\u{2011}555\u{2013}1212 ", "+14255551212"),
            ("+44 20 7946 0958", "+442079460958"), ("+49 (30) 901820", "+4930901820"),
            ("(555) 666-7777", "+15556667777"), ("5556667777", "+15556667777"), ("555.666.7777", "+15556667777"),
            ("1 (555) 666-7777", "+15556667777"), ("1-555-666-7777", "+15556667777"),
            ("\u{202A}+1 (425) 555\u{2011}1212\u{202C}", "+14255551212"),
            ("\u{2066}tel:+1 425 555 1212\u{2069}", "+14255551212"),
        ])
    func phones(text: String, phone: String) { #expect(phoneNumber(text, isUSByDefault: true) == phone) }

    @Test(
        "what is no phone number, or could be more than one",
        arguments: [
            "", "+", "tel:", "+1", "+0555666777", "+1555666777788899", "+1555666777a", "+１５５５６６６７７７７", "+١٢٣٤٥٦٧٨٩",
            "666-7777", "055-666-7777", "555-166-7777", "155-666-7777", "25556667777", "011 44 20 7946 0958",
            "0044 20 7946 0958", "+44 (0)20 7946 0958", "1-800-FLOWERS", "(555) 666-7777 x12", "+1 555 666 7777 ext. 5",
            "tel:+1-425-555-1212;ext=5", "+1+5556667777", "++15556667777", "5556667777+", "+15556667777\n",
            "+1\u{200B}5556667777", "555/666/7777", "+44 ( 0)20 7946 0958",
            "+1555666777", "+1 555 666 77777", "+1 555 666 7777, +1 555 666 8888", "tel:tel:+14255551212",
        ])
    func noPhones(text: String) { #expect(phoneNumber(text, isUSByDefault: true) == nil) }

    @Test("where no country is taken for granted a number names it", arguments: ["(555) 666-7777", "1 555 666 7777"])
    func national(text: String) { #expect(phoneNumber(text, isUSByDefault: false) == nil) }

    @Test(
        "E.164",
        arguments: [
            ("+15556667777", true), ("+447911123456", true), ("15556667777", false), ("+0555666777", false),
            ("+1 555 666 7777", false), ("+1555666777788899", false), ("+", false), ("", false),
            ("+1555666777a", false),
            ("+１５５５６６６７７７７", false),
        ])
    func e164(phone: String, isValid: Bool) { #expect(isE164(phone) == isValid) }

    @Test(
        "e-mail addresses",
        arguments: [
            ("ada@example.com", true), ("a+b@x.co", true), ("ada", false), ("@x.co", false), ("a@b", false),
            ("a@b..c", false), ("a@b@c.d", false), ("a b@c.d", false), ("a@c.d\n", false), ("", false),
        ])
    func emails(email: String, isValid: Bool) { #expect(isEmailAddress(email) == isValid) }

    @Test(
        "states, territories and the armed forces, in capitals whatever was typed",
        arguments: [
            ("CA", "CA"), ("DC", "DC"), ("PR", "PR"), ("ca", "CA"), ("Ca", "CA"), ("AA", "AA"), ("AE", "AE"),
            ("AP", "AP"), ("FM", "FM"), ("MH", "MH"), ("PW", "PW"), ("XX", nil), ("California", nil), ("", nil),
            // Letters that a case mapping, or Swift's ==, would take for others.
            ("\u{212A}S", nil), ("K\u{17F}", nil), ("С\u{410}", nil), ("CA ", nil), ("C\u{301}A", nil),
        ] as [(String, String?)])
    func states(text: String, code: String?) { #expect(usState(text) == code) }
}
