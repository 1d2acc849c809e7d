/// The issuer's keys (RFC 7517 section 5).
struct KeySet: Sendable {
    private let keys: [VerificationKey]

    /// No issuer has as many; what comes after is not looked at.
    static let mostKeys = 100

    /// Keys that we cannot use are passed over, as the RFC has it. Nil when none is left.
    init?(_ json: JSON) {
        keys = (json["keys"]?.array ?? []).prefix(Self.mostKeys).compactMap { VerificationKey($0) }
        guard !keys.isEmpty else { return nil }
    }

    /// Whether any key fits. When none does, the issuer may have a new one.
    func has(_ token: JSONWebToken) -> Bool { keys.contains { $0.fits(token) } }

    /// The one key that fits the algorithm and the kid. A token without a kid fits every key of its algorithm.
    func key(for token: JSONWebToken) throws(TokenError) -> VerificationKey {
        let fitting = keys.filter { $0.fits(token) }
        guard let key = fitting.first else { throw .keyUnknown }
        guard fitting.count == 1 else { throw .keyAmbiguous }
        return key
    }
}

extension VerificationKey {
    fileprivate func fits(_ token: JSONWebToken) -> Bool {
        algorithm == token.algorithm && (token.keyID == nil || id == token.keyID)
    }
}
