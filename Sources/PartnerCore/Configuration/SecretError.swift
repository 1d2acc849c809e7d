/// Why a secret that is kept elsewhere cannot be had. No case holds any of it, nor its name: a secret may have been put
/// where its name belongs.
public enum SecretError: Error, Sendable, Equatable {
    case notFetched(reason: String)
    /// There is no text in it, or none under its key.
    case noText
    case notJSON
    case noSuchKey

    /// To stand behind the setting's name.
    var description: String {
        switch self {
        case .notFetched(let reason): "the secret could not be fetched: \(reason)"
        case .noText: "the secret holds no text there"
        case .notJSON: "the secret is not a JSON object, so it has no keys"
        case .noSuchKey: "the secret has no such key"
        }
    }
}
