import PartnerCore

/// What was given to a command, checked against what it knows.
struct Arguments: Sendable, Equatable {
    private var values: [String: String] = [:]
    private(set) var isHelpWanted = false

    /// - Parameter words: what follows the command's name. `--name VALUE` and `--name=VALUE` are the same; what follows
    ///   `--` is no option.
    init(_ words: [String], for command: Command) throws(AdminError) {
        var given: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                given += rest
                break
            }
            guard word.utf8.count > 1, word.utf8.first == UInt8(ascii: "-") else {
                given.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            let name = parts[0] == "-h" ? "--help" : parts[0]
            guard let option = command.allOptions.first(where: { $0.name == name }) else {
                throw .usage("\(command.usage) has no option \(name)")
            }
            guard values[name] == nil else { throw .usage("\(name) was given twice") }
            if option.value == nil {
                guard parts.count == 1 else { throw .usage("\(name) takes no value") }
                values[name] = ""
            } else if let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty {
                values[name] = value
            } else {
                throw .usage("\(name) wants a value")
            }
        }
        isHelpWanted = values["--help"] != nil
        guard !isHelpWanted else { return }
        let required = command.parameters.filter { !$0.isOptional }.count
        guard (required...command.parameters.count).contains(given.count), !given.contains("") else {
            throw .usage("usage: partner-admin \(command.usage)")
        }
        for (parameter, value) in zip(command.parameters, given) { values[parameter.name] = value }
    }

    /// Of a parameter that has to be there.
    subscript(_ parameter: String) -> String { values[parameter] ?? "" }

    /// Of an option, or of a parameter that may be left out; nil when it was not given.
    func option(_ name: String) -> String? { values[name] }

    func has(_ name: String) -> Bool { values[name] != nil }

    /// Of an option that is a whole number.
    func count(_ name: String, in range: ClosedRange<Int>) throws(AdminError) -> Int? {
        guard let text = values[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(text), range.contains(count) else {
            throw .usage("\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }
}
