/// The services of AWS that we call, each by its JSON protocol: POST to `/`, the operation in `x-amz-target`.
enum AWSService: Sendable {
    case dynamoDB, eventBridge, secretsManager, sqs

    /// What it is called in host names and signatures.
    var name: String {
        switch self {
        case .dynamoDB: "dynamodb"
        case .eventBridge: "events"
        case .secretsManager: "secretsmanager"
        case .sqs: "sqs"
        }
    }

    /// `AWS_ENDPOINT_URL_<SERVICE>` (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    var endpointSetting: String {
        switch self {
        case .dynamoDB: "AWS_ENDPOINT_URL_DYNAMODB"
        case .eventBridge: "AWS_ENDPOINT_URL_EVENTBRIDGE"
        case .secretsManager: "AWS_ENDPOINT_URL_SECRETS_MANAGER"
        case .sqs: "AWS_ENDPOINT_URL_SQS"
        }
    }

    var contentType: String {
        switch self {
        case .dynamoDB, .sqs: "application/x-amz-json-1.0"
        case .eventBridge, .secretsManager: "application/x-amz-json-1.1"
        }
    }

    /// China is a partition of its own, with a domain of its own.
    func defaultEndpoint(in region: String) -> String {
        "https://\(name).\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
    }
}
