/// The issuer's keys (RFC 7517 section 5).
struct KeySet: Sendable {
    private let keys: [VerificationKey]

    /// No issuer has as many; what comes after is not looked at.
    static let mostKeys = 100

    enum Verdict {
        case verified
        /// By the very key that the token names.
        case refused(TokenError)
        /// A newer set may know better.
        case unknown(TokenError)
    }

    /// Keys that we cannot use are passed over, as the RFC has it. Nil when none is left.
    init?(_ json: JSON) {
        keys = (json["keys"]?.array ?? []).prefix(Self.mostKeys).compactMap { VerificationKey($0) }
        guard !keys.isEmpty else { return nil }
    }

    var count: Int { keys.count }

    /// A token is verified by a key of the name that it gives, if there are several by any of them: an issuer may list
    /// one twice. Where the token or the keys have no name, there must be one key that it can be.
    func verdict(on token: JSONWebToken) -> Verdict {
        let fitting = keys.filter { $0.fits(token.algorithm) }
        if let name = token.keyID {
            let named = fitting.filter { $0.id == name }
            guard named.isEmpty else {
                return named.contains { $0.verifies(token) } ? .verified : .refused(.signatureWrong)
            }
        }
        let possible = token.keyID == nil ? fitting : fitting.filter { $0.id == nil }
        guard let key = possible.first else { return .unknown(.keyUnknown) }
        guard possible.allSatisfy({ $0.isSame(as: key) }) else { return .unknown(.keyAmbiguous) }
        return key.verifies(token) ? .verified : .unknown(.signatureWrong)
    }
}
