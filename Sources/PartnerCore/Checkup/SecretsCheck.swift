/// How old secrets are that are kept in AWS Secrets Manager. Their ids are not told: somebody may have put a secret there.
struct SecretsCheck: Sendable {
    private let secrets: [(name: String, id: String)]
    private let client: AWSClient

    private static let oldDays = 365

    /// - Parameter names: of settings that are set as NAME_SECRET.
    init(_ names: [String], reading settings: inout SettingsReader) {
        client = AWSClient(.secretsManager, reading: &settings)
        var secrets: [(name: String, id: String)] = []
        for name in names {
            guard let id = settings.environment["\(name)_SECRET"].flatMap({ SecretReference($0)?.id }) else { continue }
            if let index = secrets.firstIndex(where: { $0.id == id }) {
                secrets[index].name += ", \(name)"
            } else {
                secrets.append((name, id))
            }
        }
        self.secrets = secrets
    }

    func findings(in work: LongWork) -> [Finding] {
        secrets.map { secret in
            let (what, invocation) = ("secret's age", work.step())
            do throws(AWSError) {
                let answer = try retrying(in: invocation) { () throws(AWSError) in
                    try client.call("secretsmanager.DescribeSecret", ["SecretId": .string(secret.id)], in: invocation)
                }
                // In seconds, with a fraction.
                let changed = answer["LastChangedDate"]?.shownNumber.flatMap { Int($0.split(separator: ".")[0]) }
                guard let changed else { return Finding(.ok, what, "\(secret.name): as it was made") }
                let time = Timestamp(epochSeconds: changed)
                let found = "\(secret.name): changed \(time.age) ago"
                guard time < Timestamp.now().adding(seconds: -Self.oldDays * 86_400) else {
                    return Finding(.ok, what, found)
                }
                return Finding(.warn, what, found, next: "change it there and with those who gave it to you")
            } catch {
                return Finding(
                    .warn, what, "\(secret.name): not told: \(error.description)",
                    next: "allow secretsmanager:DescribeSecret")
            }
        }
    }
}

extension JSON {
    /// Of a number its digits.
    fileprivate var shownNumber: String? {
        switch self {
        case .integer, .number: String(decoding: text, as: UTF8.self)
        default: nil
        }
    }
}
