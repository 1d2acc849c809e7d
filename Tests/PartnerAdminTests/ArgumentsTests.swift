import PartnerCore
import Testing

@testable import PartnerAdmin

@Suite("What is given to a command")
struct ArgumentsTests {
    private static let command = Command(
        name: ["events", "show"], summary: "shows one",
        parameters: [.init("ARRIVAL", "its sort key")],
        options: [.init("--account", "ID", "of this account"), .init("--all", "every one")], changesData: true
    ) { _ in { (_, _) throws(AdminError) in } }

    private func parse(_ words: [String]) throws(AdminError) -> Arguments {
        try Arguments(words, for: Self.command)
    }

    @Test("Options may stand anywhere, and their values behind a space or =")
    func options() throws {
        let arguments = try parse(["--account", "7", "arrival", "--by=ada", "--dry-run"])
        #expect(arguments["ARRIVAL"] == "arrival")
        #expect(arguments.option("--account") == "7")
        #expect(arguments.option("--by") == "ada")
        #expect(arguments.has("--dry-run") && !arguments.has("--all"))
    }

    @Test("What follows -- is no option")
    func end() throws { #expect(try parse(["--", "--account"])["ARRIVAL"] == "--account") }

    @Test(
        "What cannot be meant is refused, by name",
        arguments: [
            (["a", "--acount", "7"], "events show ARRIVAL has no option --acount"),
            (["a", "--all=yes"], "--all takes no value"), (["a", "--account"], "--account wants a value"),
            (["a", "--account="], "--account wants a value"),
            (["a", "--all", "--all"], "--all was given twice"),
            ([], "usage: partner-admin events show ARRIVAL"), (["a", "b"], "usage: partner-admin events show ARRIVAL"),
            ([""], "usage: partner-admin events show ARRIVAL"),
        ])
    func refusals(words: [String], message: String) {
        #expect(throws: AdminError.usage(message)) { try parse(words) }
    }

    @Test("Help is wanted, whatever else is missing")
    func help() throws {
        #expect(try parse(["--help"]).isHelpWanted)
        #expect(try parse(["-h"]).isHelpWanted)
    }

    @Test("A number is one within its range")
    func count() throws {
        #expect(try parse(["a", "--account", "7"]).count("--account", in: 1...9) == 7)
        #expect(try parse(["a"]).count("--account", in: 1...9) == nil)
        for text in ["10", "-1", "+7", "x", "99999999999999999999"] {
            #expect(throws: AdminError.usage("--account: expected a whole number from 1 to 9")) {
                try parse(["a", "--account", text]).count("--account", in: 1...9)
            }
        }
    }
}
