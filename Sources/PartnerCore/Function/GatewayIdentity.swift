/// Whom a gateway in front of us has verified, in its words. Who that is to us is decided in one place for all gateways,
/// which is none of a request's concern.
public enum GatewayIdentity: Sendable, Equatable {
    /// A token's claims.
    case claims(JSON)
    /// What an authorizer of the company's own has put into its answer.
    case context(JSON)
    /// A cloud's principal: an IAM ARN.
    case principal(String)
}
