extension Metrics {
    /// Powertools' own settings. Nil when metrics are switched off.
    init?(reading settings: inout SettingsReader, for about: About) {
        namespace = settings.value(
            "POWERTOOLS_METRICS_NAMESPACE", default: "partner-functions", placeholder: "",
            expected: "1 to 255 letters, digits and spaces, . - _ / #, not beginning with AWS/",
            "of CloudWatch metrics, which are written on Lambda only"
        ) { Self.isNamespace($0) ? $0 : nil }
        service = settings.value(
            "POWERTOOLS_SERVICE_NAME", default: about.name, placeholder: "",
            expected: "1 to 255 printable ASCII characters", "the dimension \"service\" of CloudWatch metrics"
        ) { Self.isDimension($0) ? $0 : nil }
        let isDisabled = settings.choice(
            "POWERTOOLS_METRICS_DISABLED", default: "false", [("false", false), ("true", true)],
            "true: no CloudWatch metrics")
        functionName = settings.environment["AWS_LAMBDA_FUNCTION_NAME"] ?? about.name
        if isDisabled { return nil }
    }

    /// CloudWatch drops the metrics of a line whose namespace or dimension it does not take, and says so nowhere near.
    private static func isNamespace(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && !text.utf8.starts(with: "AWS/".utf8)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || ".-_/# ".utf8.contains($0) }
    }

    private static func isDimension(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
            && text.utf8.contains { $0 != UInt8(ascii: " ") }
    }
}
