/// Google's Secret Manager, as the vault of our settings.
extension SecretVault {
    /// A version holds 65,536 bytes at most, which are base64 in the answer.
    private static var largestAnswer: Int { 131_072 }

    static func secretManager(declared: @escaping @Sendable () -> SettingsReader) -> SecretVault {
        SecretVault(
            open: { settings in
                let client = GoogleClient(.secretManager, largestAnswer: largestAnswer, reading: &settings)
                return { (id, invocation) throws(SecretError) in
                    guard let name = GoogleSecretName(id) else {
                        throw .notFetched(reason: "expected projects/PROJECT/secrets/SECRET or .../versions/VERSION")
                    }
                    return try accessSecretVersion(name, from: client, in: invocation)
                }
            }, declared: declared, keeps: { GoogleSecretName.isMeant($0) })
    }

    /// `projects.secrets.versions.access`: `{"name","payload":{"data","dataCrc32c"}}`, the data base64, their checksum a
    /// decimal number. A secret that is no text is taken as AWS's are: there is no text in it.
    private static func accessSecretVersion(
        _ name: GoogleSecretName, from client: GoogleClient, in invocation: Invocation
    ) throws(SecretError) -> Secret {
        let client = name.location.map { client.regional($0) } ?? client
        do throws(GoogleError) {
            let answer = try retrying(in: invocation) { () throws(GoogleError) in
                try client.get("accessSecretVersion", name.version + ":access", in: invocation)
            }
            guard let payload = answer["payload"] else { throw .unexpectedAnswer("no payload") }
            return Secret(contents: try data(of: payload)) ?? Secret("")
        } catch {
            throw .notFetched(reason: error.description)
        }
    }

    /// Proto3's JSON leaves out what is empty.
    private static func data(of payload: JSON) throws(GoogleError) -> [UInt8] {
        guard let bytes = Base64.decode(payload["data"]?.string ?? "") else { throw .unexpectedAnswer("no base64") }
        if let sum = payload["dataCrc32c"], sum.string.flatMap({ UInt32($0) }) != crc32c(bytes) {
            throw .unexpectedAnswer("the checksum is another one")
        }
        return bytes
    }
}
