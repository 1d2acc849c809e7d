/// What a setting `NAME_SECRET` says: the name of a secret, as where it is kept has it, or `name#key` for the value of one
/// key in a secret that is a JSON object.
struct SecretReference: Sendable, Equatable {
    let id: String
    let key: String?

    /// Names and ARNs of AWS's Secrets Manager are of letters, digits and `/_+=.@-:`, up to 2048 of them (GetSecretValue);
    /// so are names of Google's Secret Manager.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false)
        guard (1...2048).contains(parts[0].count), parts[0].allSatisfy(Self.isPartOfName) else { return nil }
        id = String(decoding: parts[0], as: UTF8.self)
        guard parts.count == 2 else {
            key = nil
            return
        }
        guard !parts[1].isEmpty else { return nil }
        key = String(decoding: parts[1], as: UTF8.self)
    }

    /// The value that is meant, out of the secret's text.
    func value(in secret: Secret) throws(SecretError) -> Secret {
        let text = secret.reveal()
        guard let key else {
            guard !text.isEmpty else { throw .noText }
            return secret
        }
        let json: JSON
        do throws(JSONError) { json = try JSON.parse(Array(text.utf8)) } catch { throw .notJSON }
        guard json.members != nil else { throw .notJSON }
        guard let value = json[key] else { throw .noSuchKey }
        guard let string = value.string, !string.isEmpty else { throw .noText }
        return Secret(string)
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || "/_+=.@-:".utf8.contains(byte)
    }
}
