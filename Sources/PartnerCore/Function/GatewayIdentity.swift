/// Whom a gateway in front of us has verified, in the gateway's words. Who that is to us is decided elsewhere, in one
/// place for all gateways.
public enum GatewayIdentity: Sendable, Equatable {
    /// A token's claims.
    case claims(JSON)
    /// What an authorizer of the company's own has put into its answer.
    case context(JSON)
    /// A cloud's principal: an IAM ARN.
    case principal(String)
}
