extension Caller {
    /// Who the gateway says it is, from an event's `requestContext`. Nil when nobody was verified, or without a subject.
    init?(decoding context: JSON) {
        let authorizer = context["authorizer"]?.present
        if let claims = authorizer?["jwt"]?["claims"] {
            self.init(claims: claims, subject: claims["sub"])  // HTTP API, JWT authorizer
        } else if let fields = authorizer?["lambda"]?.present {
            self.init(claims: fields, subject: fields["sub"])  // HTTP API, Lambda authorizer
        } else if case .object(let fields)? = authorizer?["claims"] {
            let claims = JSON.object(fields)
            self.init(claims: claims, subject: claims["sub"])  // REST API, Cognito
        } else if let arn = authorizer?["iam"]?["userArn"]?.string, !arn.isEmpty {
            self = .service(arn)  // HTTP API and Function URL, IAM
        } else if let arn = context["identity"]?["userArn"]?.string, !arn.isEmpty {
            self = .service(arn)  // REST API, IAM
        } else if let authorizer {
            // REST API, Lambda authorizer: its context stands straight under `authorizer`, beside the principal.
            self.init(claims: authorizer, subject: authorizer["sub"]?.present ?? authorizer["principalId"])
        } else {
            return nil
        }
    }

    /// Lambda authorizers may give any scalar; a whole number is as good a subject as its digits.
    private init?(claims: JSON, subject: JSON?) {
        let text: String?
        switch subject {
        case .string(let value): text = value
        case .integer(let value): text = "\(value)"
        default: text = nil
        }
        guard let text, let person = Person(claims: claims, subject: text) else { return nil }
        self = .person(person)
    }
}
