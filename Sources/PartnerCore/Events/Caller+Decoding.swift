extension Caller {
    /// Who the gateway says it is, from an event's `requestContext`. Nil when nobody was verified, or without a subject.
    init?(decoding context: JSON) {
        let authorizer = context["authorizer"]?.present
        if let claims = authorizer?["jwt"]?["claims"] {
            self.init(claims: claims)  // HTTP API, JWT authorizer
        } else if case .object(let fields)? = authorizer?["lambda"] {
            self.init(claims: .object(fields))  // HTTP API, Lambda authorizer
        } else if case .object(let fields)? = authorizer?["claims"] {
            self.init(claims: .object(fields))  // REST API, Cognito
        } else if let arn = authorizer?["iam"]?["userArn"]?.string, !arn.isEmpty {
            self = .service(arn)  // HTTP API and Function URL, IAM
        } else if let arn = context["identity"]?["userArn"]?.string, !arn.isEmpty {
            self = .service(arn)  // REST API, IAM
        } else if let authorizer {
            // REST API, Lambda authorizer: its context stands straight under `authorizer`.
            self.init(claims: authorizer, subject: authorizer["sub"]?.string ?? authorizer["principalId"]?.string)
        } else {
            return nil
        }
    }

    private init?(claims: JSON, subject: String? = nil) {
        guard let person = Person(claims: claims, subject: subject) else { return nil }
        self = .person(person)
    }
}
