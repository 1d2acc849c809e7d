import CSystem

extension Function {
    /// The one entry point: what the environment and the arguments say decides the protocol.
    public static func main() {
        csystem_ignore_broken_pipes()
        let environment = Environment.process
        if let address = environment["AWS_LAMBDA_RUNTIME_API"] {
            runOnLambda(address, environment)
            exit(1)
        }
        switch CommandLine(processArguments()) {
        case .help: say(helpText)
        case .version: say("\(about.name) \(version)\n\(linkedLibraries())\n")
        case .check: exit(check(environment))
        case .stream: exit(standardStreams(environment).runStream())
        case .once(nil) where environment["PORT"] != nil: exit(serveHTTP(environment))
        case .once(let path): exit(standardStreams(environment).runOnce(path: path))
        case .unknown(let option):
            complain("\(about.name): unknown option \(option)\n\n\(helpText)")
            exit(2)
        }
    }

    private static func runOnLambda(_ address: String, _ environment: Environment) {
        var settings = reader(of: environment)
        let log = Log(reading: &settings, descriptor: STDOUT_FILENO)
        let metrics = Metrics(reading: &settings, for: about)
        let xRay = XRay(reading: &settings, for: about)
        let invoker = Invoker<Self>(reading: &settings)
        guard settings.problems.isEmpty else {
            let message = settings.problems.map { $0.description }.joined(separator: "; ")
            let type = "Runtime.InvalidConfiguration"
            log.write(
                .fatal, "the configuration is wrong",
                [JSON.Member("errorType", .string(type)), JSON.Member("errorMessage", .string(message))])
            _ = LambdaAPI(address: address).failInit(type: type, message: message)
            return
        }
        LambdaRuntime(
            invoker: invoker, address: address, log: log, metrics: metrics, xRay: xRay, environment: environment
        ).run()
    }

    private static func serveHTTP(_ environment: Environment) -> Int32 {
        // Before a secret is fetched, whose connections have a thread that looks after them.
        let signals = TerminationSignals()
        var settings = reader(of: environment)
        let log = Log(reading: &settings, descriptor: STDOUT_FILENO)
        let web = WebSettings(reading: &settings)
        let invoker = Invoker<Self>(reading: &settings, hasGateway: false)
        guard settings.problems.isEmpty else { refuse(settings) }
        // Cloud Run sends requests, and starts to count the processor's time by them, once the port is open.
        if environment["K_SERVICE"] != nil { Readiness(of: invoker, log: log).beginAndWait() }
        do throws(HTTPServerError) {
            return try WebService(invoker: invoker, settings: web, log: log).run(until: signals) ? 0 : 1
        } catch {
            guard error != .noThread else {
                complain("\(about.name): \(error.description)\n")
                return 1
            }
            settings.problem("PORT", error.description)
            refuse(settings)
        }
    }

    private static func standardStreams(_ environment: Environment) -> StandardStreams<Self> {
        var settings = reader(of: environment)
        let log = Log(reading: &settings, descriptor: STDERR_FILENO)
        let invoker = Invoker<Self>(reading: &settings)
        guard settings.problems.isEmpty else { refuse(settings) }
        return StandardStreams(invoker: invoker, log: log)
    }

    private static func reader(of environment: Environment) -> SettingsReader {
        SettingsReader(environment, declaredBy: { settings in _ = Self(reading: &settings) })
    }

    private static func refuse(_ settings: SettingsReader) -> Never {
        complain("\(about.name): the configuration is wrong\n" + settings.problemList)
        exit(2)
    }

    /// Exit status 0 when all is well, 1 when something outside does not answer, 2 when the configuration is wrong.
    private static func check(_ environment: Environment) -> Int32 {
        var settings = reader(of: environment)
        let log = Log(reading: &settings, descriptor: STDERR_FILENO)
        _ = Metrics(reading: &settings, for: about)
        _ = XRay(reading: &settings, for: about)
        _ = WebSettings(reading: &settings)
        let invoker = Invoker<Self>(reading: &settings, hasGateway: environment["PORT"] == nil)
        say(settings.table)
        guard settings.problems.isEmpty else { refuse(settings) }
        var isWell = true
        for probe in invoker.function.probes + invoker.authenticator.probes {
            let invocation = Invocation(requestID: randomID(), deadline: .after(milliseconds: 10_000), log: log)
            do throws(FunctionError) {
                try probe.run(invocation)
                say("ok      \(probe.what)\n")
            } catch {
                isWell = false
                say("failed  \(probe.what): \(error.code), \(error.detail ?? error.message)\n")
            }
        }
        return isWell ? 0 : 1
    }

    private static var helpText: String {
        var settings = SettingsReader.describing
        _ = Log(reading: &settings, descriptor: STDERR_FILENO)
        _ = Metrics(reading: &settings, for: about)
        _ = XRay(reading: &settings, for: about)
        _ = WebSettings(reading: &settings)
        _ = Invoker<Self>(reading: &settings)
        return """
            \(about.name): \(about.summary)

            usage: \(about.name) [EVENT-FILE]    one event from a file or standard input; the answer on standard output
                   \(about.name) --stream        one event a line, one answer a line
                   \(about.name) --check         validates the settings, and asks what is outside whether it answers
                   \(about.name) --help | --version

            With AWS_LAMBDA_RUNTIME_API set it serves AWS Lambda's custom runtime instead, whatever its arguments; with
            PORT set and without arguments it serves HTTP there.

            settings:
            \(settings.help)
            A secret NAME may also come as NAME_FILE, a file's path, or as NAME_SECRET: the id or ARN of a secret in AWS
            Secrets Manager, or projects/PROJECT/secrets/SECRET in Google's, with #key for one key of a JSON object. It is
            fetched at start, with the usual AWS settings, or as the service account that the process runs as.
            """
    }
}

private enum CommandLine {
    case help, version, check, stream
    case once(path: String?)
    case unknown(String)

    init(_ arguments: [String]) {
        switch arguments.first {
        case "--help", "-h": self = .help
        case "--version": self = .version
        case "--check": self = .check
        case "--stream": self = .stream
        case let option? where option.hasPrefix("-"): self = .unknown(option)
        case let path: self = .once(path: path)
        }
    }
}

private func say(_ text: String) { try? writeAll(Array(text.utf8), to: STDOUT_FILENO) }
private func complain(_ text: String) { try? writeAll(Array(text.utf8), to: STDERR_FILENO) }
