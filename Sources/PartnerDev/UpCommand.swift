import CSystem
import PartnerCore

/// `partner-dev up`: everything that a developer's day needs, until SIGTERM or SIGINT.
struct UpCommand {
    static let usage = """
        usage: partner-dev up [--only PARTNER] [--port N] [--root DIRECTORY]

          --only PARTNER     ownli or ownerrez: as it is for a company that uses this one alone; both
          --port N           8080; 0 for any that is free
          --root DIRECTORY   the repository: where template.yaml is, dist/ and .build/; the working directory

        The partners' doubles, and before them the functions of template.yaml: their executables over Lambda's Runtime
        API, a process each, replaced when they are built anew. In front of these a gateway with the template's routes,
        and the page of the demonstration; behind them a server that OwnerRez's events go on to. The template's schedules
        run at their rates. All on 127.0.0.1.

        """

    /// Nil: both partners.
    var only: Partner?
    var port = 8080
    var root = "."

    /// - Returns: nil when the arguments are not understood.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--only":
                guard let partner = Partner(rawValue: value) else { return nil }
                only = partner
            case "--port":
                guard let number = Int(value), (0...65_535).contains(number) else { return nil }
                port = number
            case "--root": root = value
            default: return nil
            }
        }
    }

    /// - Returns: the exit status.
    static func run(_ arguments: [String]) -> Int32 {
        if arguments == ["--help"] {
            PartnerDev.write(usage, to: STDOUT_FILENO)
            return 0
        }
        guard let command = UpCommand(arguments) else {
            PartnerDev.write(usage, to: STDERR_FILENO)
            return 2
        }
        do throws(UpError) {
            try command.serve()
            return 0
        } catch {
            PartnerDev.write("partner-dev up: \(error.description)\n", to: STDERR_FILENO)
            return 1
        }
    }

    private func serve() throws(UpError) {
        csystem_ignore_broken_pipes()
        let signals = TerminationSignals()
        let template = try readTemplate().only(only)
        let console = Console(names: template.functions.map { $0.name } + ["gateway"])

        // The port has to be known before there is anything that answers on it.
        let current = Lock<DevelopmentServer?>(nil)
        let server: HTTPServer
        let development: Development
        do throws(HTTPServerError) {
            server = try HTTPServer(port: port) { request in
                guard let server = current.withLock({ $0 }) else { return .close }
                return server.reply(to: request)
            }
            development = try Development(
                port: server.port, root: absoluteRoot, template: template, only: only, console: console)
        } catch { throw .noServer(error) }
        let answering = DevelopmentServer(development)
        current.withLock { $0 = answering }
        start {
            while true {
                sleep(milliseconds: 500)
                development.lookForBuilds()
            }
        }
        for function in template.functions {
            for route in function.routes { console.line("gateway", "\(route.key) -> \(function.name)", .notice) }
        }
        console.line("gateway", "ready: open \(development.origin) in a browser; Ctrl-C ends it")
        do throws(HTTPServerError) { try server.run(until: signals) { development.stop() } } catch {
            throw .noServer(error)
        }
    }

    private var absoluteRoot: String {
        guard let resolved = realpath(root, nil) else { return root }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func readTemplate() throws(UpError) -> Template {
        let path = "\(root)/template.yaml"
        let text: [UInt8]
        do throws(SystemError) { text = try readFile(path) } catch { throw .noTemplate(path, error) }
        do throws(TemplateError) { return try Template(text) } catch { throw .badTemplate(path, error) }
    }
}

/// Why there is nothing to work with.
enum UpError: Error {
    case noTemplate(String, SystemError)
    case badTemplate(String, TemplateError)
    case noServer(HTTPServerError)

    var description: String {
        switch self {
        case .noTemplate(let path, let error): "\(path) cannot be read: \(error.reason)"
        case .badTemplate(let path, let error): "\(path): \(error.description)"
        case .noServer(.cannotListen(let port, SystemError(code: EADDRINUSE))):
            "port \(port) is taken: end the program that listens there, or choose another port with --port"
        case .noServer(let error): error.description
        }
    }
}
