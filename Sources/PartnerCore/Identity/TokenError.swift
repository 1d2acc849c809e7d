/// Why a token is not accepted. For the log: the caller only hears that it is not.
enum TokenError: Error, Equatable {
    case severalCredentials
    case malformedCredentials
    case tooLong
    case notThreeParts
    case notBase64URL
    case headerNotJSON
    case algorithmRefused
    case criticalHeader
    case keyIDNotText
    case keyUnknown
    case keyAmbiguous
    case signatureWrong
    case claimsNotJSON
    case issuerWrong
    case audienceWrong
    case expiryMissing
    case expired
    case notYetValid
    case issuedInFuture
    case subjectMissing
    case subjectUnfit
    case serviceNotVerified
    case personNotShown
    case workload

    var description: String {
        switch self {
        case .severalCredentials: "the request has several credentials"
        case .malformedCredentials: "the credentials are malformed"
        case .tooLong: "the token is too long"
        case .notThreeParts: "the token has not exactly three parts"
        case .notBase64URL: "a part of the token is no base64url"
        case .headerNotJSON: "the token's header is no JSON object"
        case .algorithmRefused: "the token's algorithm is none that is taken"
        case .criticalHeader: "the token's header has crit"
        case .keyIDNotText: "the token's kid is no text"
        case .keyUnknown: "no key of the issuer's fits the token's kid and algorithm"
        case .keyAmbiguous: "several keys of the issuer's fit the token"
        case .signatureWrong: "the token's signature is wrong"
        case .claimsNotJSON: "the token's claims are no JSON object"
        case .issuerWrong: "iss is not AUTH_ISSUER"
        case .audienceWrong: "aud has nothing of AUTH_AUDIENCE, and no access token of AUTH_CLIENT_ID is without one"
        case .expiryMissing: "exp is missing or no number"
        case .expired: "the token has expired"
        case .notYetValid: "nbf is ahead of our clock, or no number"
        case .issuedInFuture: "iat is ahead of our clock, or no number"
        case .subjectMissing: "the claim that AUTH_SUBJECT_CLAIM names (sub, if not set) is missing or empty"
        case .subjectUnfit: "the subject is longer than 256 bytes, or has control characters"
        case .serviceNotVerified: "the service account's email_verified is not true"
        case .personNotShown: "a token of Google's is a person's only with an e-mail address (scope email)"
        case .workload: "the token was issued to a workload, not to a person"
        }
    }
}

extension FunctionError {
    /// RFC 6750 section 3.1.
    static func tokenRefused(_ reason: TokenError) -> FunctionError {
        FunctionError(
            401, "UNAUTHENTICATED", "Sign in again: this proof of identity is not accepted",
            challenge: #"Bearer error="invalid_token""#, detail: reason.description)
    }
}
