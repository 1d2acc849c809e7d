/// The services of AWS that we call, each by its JSON protocol: POST to `/`, the operation in `x-amz-target`.
enum AWSService: Sendable {
    case dynamoDB, eventBridge, secretsManager, sqs, sts

    /// What it is called in host names and signatures.
    var name: String {
        switch self {
        case .dynamoDB: "dynamodb"
        case .eventBridge: "events"
        case .secretsManager: "secretsmanager"
        case .sqs: "sqs"
        case .sts: "sts"
        }
    }

    /// `AWS_ENDPOINT_URL_<SERVICE>` (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    var endpointSetting: String {
        switch self {
        case .dynamoDB: "AWS_ENDPOINT_URL_DYNAMODB"
        case .eventBridge: "AWS_ENDPOINT_URL_EVENTBRIDGE"
        case .secretsManager: "AWS_ENDPOINT_URL_SECRETS_MANAGER"
        case .sqs: "AWS_ENDPOINT_URL_SQS"
        case .sts: "AWS_ENDPOINT_URL_STS"
        }
    }

    var contentType: String {
        switch self {
        case .dynamoDB, .sqs: "application/x-amz-json-1.0"
        case .eventBridge, .secretsManager: "application/x-amz-json-1.1"
        case .sts: "application/x-www-form-urlencoded"
        }
    }

    /// Where it is in a region (the endpoint rules that AWS's SDKs come with). China is a partition of its own, with
    /// domains of its own. In GovCloud most usual endpoints are of FIPS already.
    func defaultEndpoint(in region: String, isFIPS: Bool = false, isDualStack: Bool = false) -> String {
        // Secrets Manager's usual names have both kinds of addresses.
        let isDualStack = isDualStack && self != .secretsManager
        let isFIPSAnyway =
            region.hasPrefix("us-gov-") && (self == .eventBridge || self != .secretsManager && !isDualStack)
        let domain =
            switch (region.hasPrefix("cn-"), isDualStack) {
            case (false, false): "amazonaws.com"
            case (false, true): "api.aws"
            case (true, false): "amazonaws.com.cn"
            case (true, true): "api.amazonwebservices.com.cn"
            }
        return "https://\(name)\(isFIPS && !isFIPSAnyway ? "-fips" : "").\(region).\(domain)"
    }
}
