extension GatewayIdentity {
    /// Whom the gateway says it has verified, from an event's `requestContext`. Nil when that is nobody.
    init?(decoding context: JSON) {
        let authorizer = context["authorizer"]?.present
        if let claims = authorizer?["jwt"]?["claims"] {
            self = .claims(claims)  // HTTP API, JWT authorizer
        } else if let fields = authorizer?["lambda"]?.present {
            self = .context(fields)  // HTTP API, Lambda authorizer
        } else if let claims = authorizer?["claims"], case .object = claims {
            self = .claims(claims)  // REST API, Cognito; HTTP API with payload 1.0, JWT authorizer
        } else if let iam = authorizer?["iam"]?.present {
            // HTTP API and Function URL, IAM
            guard let arn = Self.principal(iam["userArn"], pool: iam["cognitoIdentity"]) else { return nil }
            self = .principal(arn)
        } else if let identity = context["identity"], identity["userArn"]?.present != nil {
            // REST API, IAM
            guard let arn = Self.principal(identity["userArn"], pool: identity["cognitoIdentityId"]) else { return nil }
            self = .principal(arn)
        } else if let authorizer, case .object = authorizer {
            // REST API, Lambda authorizer: its context stands straight under `authorizer`, beside the principal.
            self = .context(authorizer)
        } else {
            return nil
        }
    }

    /// Cognito's identity pools lend one role to all people of an app, and to guests: whoever has it is no service, and
    /// nobody whom the role's ARN would tell from the others.
    private static func principal(_ arn: JSON?, pool: JSON?) -> String? {
        guard pool?.present == nil, let arn = arn?.string, !arn.isEmpty else { return nil }
        return arn
    }
}
