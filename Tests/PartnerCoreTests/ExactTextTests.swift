import Testing

@testable import PartnerCore

@Suite("Text that decides something is the same by its bytes alone")
struct ExactTextTests {
    @Test("where Swift's strings are the same by what they look like")
    func same() {
        #expect(ExactText("K") != ExactText("\u{212A}"))
        #expect(ExactText("\u{e9}") != ExactText("e\u{301}"))
        #expect(ExactText("K") == "K")
        #expect(![ExactText("K")].contains("\u{212A}"))
    }

    @Test("its beginning and its end too")
    func parts() {
        #expect(ExactText("https://id.example").hasPrefix("https://"))
        #expect(!ExactText("\u{212A}ey").hasPrefix("K"))
        #expect(ExactText("a.example").hasSuffix(".example"))
        #expect(!ExactText("ample").hasSuffix(".example"))
        #expect(!ExactText("a.\u{212A}").hasSuffix(".K"))
        #expect(ExactText("").isEmpty)
    }
}
