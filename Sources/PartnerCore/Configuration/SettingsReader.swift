/// Reads settings from the environment, validates them and collects every problem, so that all are told at once.
///
/// The readings are also the table that `--help` and `--check` print: a function declares a setting by reading it.
public struct SettingsReader: Sendable {
    /// A setting as it was declared and found.
    public struct Entry: Sendable {
        public let name: String
        public let purpose: String
        /// As text; nil when the setting is required or simply off.
        public let defaultValue: String?
        public let isRequired: Bool
        /// Whether it may also come as NAME_FILE or NAME_SECRET.
        public var isSecret = false
        /// The value in force as it may be shown; nil when there is none.
        public let shown: String?
    }

    public struct Problem: Sendable, Equatable {
        public let name: String
        public let expected: String

        public var description: String { "\(name): \(expected)" }
    }

    public let environment: Environment
    /// Whether this only lists settings (`--help`), and nothing may be opened.
    public let isDescribing: Bool
    /// Whether a store has to be named, and to be there already: a new, empty one would tell an operator that nothing is
    /// known.
    public var storeHasToExist = false
    public private(set) var entries: [Entry] = []
    public private(set) var problems: [Problem] = []
    /// The first one that keeps a secret has it. None where no secret may be fetched.
    let vaults: [SecretVault]
    /// By their places; those of which a secret was asked for.
    var openedVaults: [Int: SecretVault.Fetch] = [:]
    /// What was fetched, by id.
    var fetchedSecrets: [ExactText: Result<Secret, SecretError>] = [:]

    public init(_ environment: Environment) { self.init(environment, vaults: []) }

    init(_ environment: Environment, vaults: [SecretVault]) {
        self.environment = environment
        self.vaults = vaults
        isDescribing = false
    }

    private init(describing: Void) {
        environment = Environment([:])
        vaults = []
        isDescribing = true
    }

    /// A reader that finds nothing set, for listing what there is to set.
    public static var describing: SettingsReader { SettingsReader(describing: ()) }

    public mutating func problem(_ name: String, _ expected: String) {
        let problem = Problem(name: name, expected: expected)
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// Reads settings of which some may be wrong without harm to the others. They are declared all the same.
    mutating func apart<Value>(_ read: (inout SettingsReader) -> Value) -> (value: Value, problems: [Problem]) {
        var own = self
        own.problems = []
        let value = read(&own)
        for entry in own.entries { declare(entry) }
        (openedVaults, fetchedSecrets) = (own.openedVaults, own.fetchedSecrets)
        return (value, own.problems)
    }

    /// Whether this is Cloud Run or Lambda, or what stands in for them.
    var isDeployed: Bool { environment["K_SERVICE"] != nil || environment["AWS_LAMBDA_RUNTIME_API"] != nil }

    /// What the environment has. Bytes that are no UTF-8 have become U+FFFD by now: nobody knows what was meant.
    mutating func found(_ name: String) -> String? {
        let text = environment[name]
        if let text, text.unicodeScalars.contains("\u{FFFD}") { problem(name, "is not text in UTF-8") }
        return text
    }

    /// Two parts of a function may read the same setting. It is listed once.
    mutating func declare(_ entry: Entry) {
        // Without a copy of each, which at start takes a third of all the time.
        for index in entries.indices where entries[index].name == entry.name { return }
        entries.append(entry)
    }

    /// Reads a setting of any type.
    ///
    /// - Parameters:
    ///   - defaultText: what an unset setting reads as; nil makes it required.
    ///   - expected: what a value has to be, for the problem.
    ///   - placeholder: stands for the value when there is a problem, so that reading can go on.
    public mutating func value<Value>(
        _ name: String, default defaultText: String?, placeholder: Value, expected: String, _ purpose: String,
        parse: (String) -> Value?
    ) -> Value {
        let text = found(name) ?? defaultText
        declare(
            Entry(
                name: name, purpose: purpose, defaultValue: defaultText, isRequired: defaultText == nil, shown: text))
        guard let text else {
            problem(name, "is required: \(expected)")
            return placeholder
        }
        guard let value = parse(text) else {
            problem(name, "expected \(expected)")
            return placeholder
        }
        return value
    }

    public mutating func text(
        _ name: String, default defaultText: String? = nil, expected: String = "any text", _ purpose: String
    ) -> String {
        value(name, default: defaultText, placeholder: "", expected: expected, purpose) { $0 }
    }

    /// A setting that may be left out.
    public mutating func optionalText(_ name: String, _ purpose: String) -> String? {
        let text = found(name)
        declare(Entry(name: name, purpose: purpose, defaultValue: nil, isRequired: false, shown: text))
        return text
    }

    /// A secret that may be left out.
    mutating func optionalSecret(_ name: String, _ purpose: String) -> Secret? {
        let secret = found(name).map { Secret($0) }
        declare(
            Entry(name: name, purpose: purpose, defaultValue: nil, isRequired: false, shown: secret?.description))
        return secret
    }

    /// One of a few words.
    public mutating func choice<Value>(
        _ name: String, default defaultText: String, _ choices: [(word: String, value: Value)], _ purpose: String
    ) -> Value {
        let words = choices.map { $0.word }.joined(separator: " or ")
        return value(name, default: defaultText, placeholder: choices[0].value, expected: words, purpose) { text in
            choices.first { $0.word == text }?.value
        }
    }
}

extension String {
    /// The parts of a setting that lists several values, without the spaces around them.
    public var commaSeparated: [String] {
        split(separator: ",").map { String($0.trimmingSpaces) }
    }
}
