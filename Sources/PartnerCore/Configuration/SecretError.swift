/// Why a secret that is kept elsewhere cannot be had. No case holds any of it, nor its name: a secret may have been put
/// where its name belongs.
public enum SecretError: Error, Sendable, Equatable {
    case notFound
    case accessDenied
    /// AWS did not take our own credentials.
    case credentialsRejected
    case credentialsExpired
    case noCredentials
    /// There is no text in it, or none under its key.
    case empty
    case notJSON
    case noSuchKey
    case timedOut
    /// Anything else, in words of our own.
    case failed(String)

    /// To stand behind the setting's name.
    var description: String {
        switch self {
        case .notFound: "Secrets Manager has no such secret in this region"
        case .accessDenied: "access denied: the role needs secretsmanager:GetSecretValue, and kms:Decrypt with a key"
        case .credentialsRejected: "Secrets Manager did not accept the AWS credentials"
        case .credentialsExpired: "the AWS credentials have expired"
        case .noCredentials: "there are no AWS credentials to fetch it with"
        case .empty: "the secret holds no text there"
        case .notJSON: "the secret is not a JSON object, so it has no keys"
        case .noSuchKey: "the secret has no such key"
        case .timedOut: "Secrets Manager did not answer in time"
        case .failed(let reason): "Secrets Manager could not be asked: \(reason)"
        }
    }
}
