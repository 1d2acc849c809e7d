/// The keys of a profile, for runs on a developer's machine: `aws_access_key_id` and its kin in `~/.aws/credentials`.
enum AWSProfile {
    static func keys(reading settings: inout SettingsReader) -> AWSKeys? {
        let name = settings.optionalText("AWS_PROFILE", "AWS credentials from ~/.aws/credentials, for local runs")
        let file = settings.optionalText("AWS_SHARED_CREDENTIALS_FILE", "instead of ~/.aws/credentials")
        guard let name else { return nil }
        let path = file ?? (settings.environment["HOME"] ?? "") + "/.aws/credentials"
        guard let text = try? readFile(path) else {
            settings.problem("AWS_PROFILE", "the credentials file cannot be read")
            return nil
        }
        let values = section(name, of: text)
        guard let id = values["aws_access_key_id"], let key = values["aws_secret_access_key"],
            [id, key, values["aws_session_token"] ?? "none"].allSatisfy({ AWSKeys.isHeaderText($0) })
        else {
            settings.problem(
                "AWS_PROFILE", "the credentials file has no aws_access_key_id and aws_secret_access_key of it")
            return nil
        }
        return AWSKeys(
            accessKeyID: Secret(id), secretAccessKey: Secret(key),
            sessionToken: values["aws_session_token"].map { Secret($0) })
    }

    /// `name = value` below `[profile]`; what begins with `#` or `;` is a comment.
    private static func section(_ name: String, of text: [UInt8]) -> [String: String] {
        var values: [String: String] = [:]
        var isInside = false
        for line in text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let line = trimmed(line)
            guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") else { continue }
            if first == UInt8(ascii: "[") {
                let title = trimmed(line.dropFirst().prefix { $0 != UInt8(ascii: "]") })
                isInside = title.elementsEqual(name.utf8)
            } else if isInside, let sign = line.firstIndex(of: UInt8(ascii: "=")) {
                let key = String(decoding: trimmed(line[..<sign]), as: UTF8.self).lowercased()
                values[key] = String(decoding: trimmed(line[(sign + 1)...]), as: UTF8.self)
            }
        }
        return values
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let start = bytes.drop(while: isSpace)
        guard let end = start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return start[...end]
    }
}
