/// AWS Secrets Manager, as the vault of our settings.
extension SecretVault {
    static func secretsManager(declared: @escaping @Sendable () -> SettingsReader) -> SecretVault {
        SecretVault(
            open: { settings in
                let client = AWSClient(.secretsManager, reading: &settings)
                return { (id, invocation) throws(SecretError) in
                    try getSecretValue(id, from: client, in: invocation)
                }
            }, declared: declared)
    }

    /// `GetSecretValue`: the version in force (AWSCURRENT). A binary secret has no text.
    private static func getSecretValue(
        _ id: String, from client: AWSClient, in invocation: Invocation
    ) throws(SecretError) -> Secret {
        do throws(AWSError) {
            let answer = try retrying(in: invocation) { () throws(AWSError) in
                try client.call("secretsmanager.GetSecretValue", ["SecretId": .string(id)], in: invocation)
            }
            return Secret(answer["SecretString"]?.string ?? "")
        } catch {
            throw .notFetched(reason: error.description)
        }
    }
}
