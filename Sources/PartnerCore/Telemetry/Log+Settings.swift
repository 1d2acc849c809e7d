import CSystem

extension Log {
    /// LOG_LEVEL and LOG_FORMAT, and Lambda's own settings: AWS_LAMBDA_LOG_LEVEL wins over ours in JSON format. On Cloud
    /// Run, JSON is Cloud Logging's.
    init(reading settings: inout SettingsReader, descriptor: Int32) {
        let isTerminal = isatty(descriptor) == 1
        let lambdaFormat = settings.environment["AWS_LAMBDA_LOG_FORMAT"].map { equalIgnoringASCIICase($0, "text") }
        let isText = lambdaFormat ?? isTerminal
        let isCloudRun = settings.environment["K_SERVICE"] != nil
        let project = settings.optionalText("GOOGLE_CLOUD_PROJECT", "names the traces in Cloud Run's log")
        let json = isCloudRun ? Format.cloudLogging(project: project) : .json
        let format = settings.choice(
            "LOG_FORMAT", default: isText ? "text" : "json", [("json", json), ("text", .text)],
            "of log lines; the default is the platform's, text on a terminal")
        let chosen = settings.value(
            "LOG_LEVEL", default: "info", placeholder: Level.info,
            expected: "trace, debug, info, warn, error or fatal", "what is logged, from this level up"
        ) { Level(named: $0) }
        let platform = settings.environment["AWS_LAMBDA_LOG_LEVEL"].flatMap { Level(named: $0) }
        let level =
            switch format {
            case .json: platform ?? chosen
            case .text, .cloudLogging: chosen
            }
        self.init(level: level, format: format, output: LogOutput(descriptor))
    }
}
