import Foundation
import Testing

@testable import PartnerCore

@Suite("Settings")
struct SettingsTests {
    @Test("every problem is named at once")
    func everyProblem() {
        var settings = SettingsReader(
            Environment(["OWNLI_BASE_URL": "http://api.ownli.app", "SSL_CERT_FILE": "/nonexistent"]))
        _ = OwnliAPI(reading: &settings)
        #expect(
            settings.problems.map(\.name) == [
                "OWNLI_BASE_URL", "OWNLI_CLIENT_ID", "OWNLI_CLIENT_SECRET", "OWNLI_PARTNER_ID", "SSL_CERT_FILE",
            ])
    }

    @Test("a variable that is set to nothing is not set")
    func empty() {
        var settings = SettingsReader(Environment(["NAME": ""]))
        _ = settings.text("NAME", "a test")
        #expect(settings.problems.map(\.name) == ["NAME"])
    }

    @Test("a secret comes from a file, without its last line break")
    func secretFile() throws {
        let path = try temporaryFile("s3cret\r\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        var settings = SettingsReader(Environment(["NAME_FILE": path]))
        #expect(settings.secret("NAME", "a test").reveal() == "s3cret")
        #expect(settings.problems.isEmpty)
    }

    @Test("a secret that is given twice, whose file is empty or whose file is not there is a problem")
    func secretProblems() throws {
        let empty = try temporaryFile("\n")
        defer { try? FileManager.default.removeItem(atPath: empty) }
        for variables in [["NAME": "a", "NAME_FILE": empty], ["NAME_FILE": empty], ["NAME_FILE": "/nonexistent"]] {
            var settings = SettingsReader(Environment(variables))
            _ = settings.secret("NAME", "a test")
            #expect(!settings.problems.isEmpty)
            #expect(settings.entries.count == 1)
        }
    }

    @Test("a secret's file that is no UTF-8, or that everybody may write, is a problem")
    func dangerousFile() throws {
        let path = try temporaryFile("s3cret")
        defer { try? FileManager.default.removeItem(atPath: path) }
        chmod(path, 0o606)
        #expect(problems(["NAME_FILE": path]) == ["NAME_FILE: everybody may write the file: chmod o-w"])
        // Containers mount their secrets so.
        chmod(path, 0o444)
        #expect(problems(["NAME_FILE": path]) == [])
        chmod(path, 0o600)
        try Data([0x73, 0xe9, 0x63]).write(to: URL(fileURLWithPath: path))
        #expect(problems(["NAME_FILE": path]) == ["NAME_FILE: the file is not text in UTF-8"])
    }

    @Test(
        "a secret of two lines is a problem",
        arguments: ["s3cret\nother", "s3cret\r\n\r\n", "s3\tcret", "\u{0}", "\u{7f}"])
    func controlCharacters(_ text: String) throws {
        let path = try temporaryFile(text + "\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let expected = ["NAME: the secret holds a line break or another control character"]
        #expect(problems(["NAME": text]) == expected)
        #expect(problems(["NAME_FILE": path]) == expected)
    }

    @Test("what is no UTF-8 in the environment is a problem, secret or not")
    func noText() {
        // As the environment's own bytes are decoded.
        let text = String(decoding: [0x73, 0xe9, 0x63], as: UTF8.self)
        #expect(problems(["NAME": text]) == ["NAME: is not text in UTF-8"])
        var settings = SettingsReader(Environment(["NAME": text, "OTHER": text]))
        _ = settings.text("NAME", "a test")
        _ = settings.optionalText("OTHER", "a test")
        #expect(settings.problems.map(\.name) == ["NAME", "OTHER"])
    }

    private func problems(_ environment: [String: String]) -> [String] {
        var settings = SettingsReader(Environment(environment))
        _ = settings.secret("NAME", "a test")
        return settings.problems.map(\.description)
    }

    @Test("the table masks secrets")
    func masked() {
        var settings = SettingsReader(Environment(["NAME": "s3cret", "OTHER": "plain"]))
        _ = settings.secret("NAME", "a test")
        _ = settings.text("OTHER", "a test")
        #expect(settings.table == "NAME   <redacted>\nOTHER  plain\n\n")
    }

    @Test("a secret does not show in any way of printing it")
    func secretPrinting() {
        let secret = Secret("s3cret")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret], to: &dumped)
        #expect(!("\(secret)\(String(reflecting: secret))\(String(describing: [secret]))" + dumped).contains("s3cret"))
    }

    @Test(
        "base addresses",
        arguments: [
            ("https://api.ownli.app", "https://api.ownli.app"), ("https://api.ownli.app/", "https://api.ownli.app"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://localhost/x/", "http://localhost/x"),
            ("http://[::1]:1", "http://[::1]:1"),
        ])
    func baseURL(text: String, expected: String) {
        #expect(BaseURL(text)?.text == expected)
    }

    @Test(
        "addresses that are no base",
        arguments: [
            "http://api.ownli.app", "ftp://127.0.0.1", "https://user:pass@api.ownli.app", "https://api.ownli.app?x=1",
            "https://api.ownli.app#x", "api.ownli.app", "", "https://", "http://127.evil.example",
            "http://127.0.0.1.evil.example",
        ])
    func noBaseURL(text: String) {
        #expect(BaseURL(text) == nil)
    }

    @Test(
        "only the sandbox and this machine are not production",
        arguments: [
            ("https://api.sandbox.ownli.app/", false), ("http://127.0.0.1:1", false), ("https://api.ownli.app", true),
            ("https://api.sandbox.ownli.app.evil.example", true), ("https://API.OWNLI.APP", true),
        ])
    func production(text: String, isProduction: Bool) {
        var settings = SettingsReader(Environment(["OWNLI_BASE_URL": text]))
        #expect(OwnliAPI(reading: &settings).isProduction == isProduction)
    }

    private func temporaryFile(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + UUID().uuidString
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
