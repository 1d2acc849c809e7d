import CSystem
import PartnerCore

/// The developer's tool.
@main
enum PartnerDev {
    static let usage = """
        usage: partner-dev COMMAND [OPTION...]

          up        everything for a developer's day: sandbox, functions, gateway, and a page that shows them
          sandbox   a double of Ownli and OwnerRez on 127.0.0.1, with faults on request

        partner-dev COMMAND --help tells more.

        """

    static func main() {
        let arguments = processArguments()
        switch arguments.first {
        case "sandbox": exit(SandboxCommand.run(Array(arguments.dropFirst())))
        case "up": exit(UpCommand.run(Array(arguments.dropFirst())))
        case "--help", "help":
            write(usage, to: STDOUT_FILENO)
        default:
            write(usage, to: STDERR_FILENO)
            exit(2)
        }
    }

    /// Through write(2), so that whoever waits for a line in a pipe has it at once.
    static func write(_ text: String, to descriptor: Int32) {
        try? writeAll(Array(text.utf8), to: descriptor)
    }
}
