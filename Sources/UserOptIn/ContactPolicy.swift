import PartnerCore

/// Whose word counts for an e-mail address or a phone number. Ownli finds existing users by either, so who types
/// somebody else's would be handed that person's record.
enum ContactPolicy {
    /// A claim fills in what the body leaves out, and may not be contradicted.
    case claims
    /// As above, and without a verified claim nothing is taken from the body.
    case verified

    /// - Returns: nil when neither the body nor the identity has it.
    func settle(
        _ field: String, said: String?, claim: Caller.Contact?, isSame: (String, String) -> Bool
    ) throws(FunctionError) -> Caller.Contact? {
        if let said, let claim, !isSame(said, claim.value) {
            throw .invalid("CONTACT_MISMATCH", "\(field): not what your verified identity says")
        }
        switch self {
        case .claims: return claim ?? said.map { Caller.Contact($0, isVerified: false) }
        case .verified:
            if let claim, claim.isVerified { return claim }
            guard said == nil && claim == nil else { throw .contactNotVerified(field) }
            return nil
        }
    }
}

extension FunctionError {
    fileprivate static func contactNotVerified(_ field: String) -> FunctionError {
        FunctionError(403, "CONTACT_NOT_VERIFIED", "\(field): has to be verified with your identity provider first")
    }
}
