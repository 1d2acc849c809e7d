import Testing

@testable import PartnerCore

@Suite("AWS's endpoints")
struct AWSEndpointTests {
    /// The usual one, FIPS, dual-stack, and both, as botocore's endpoint rules have them.
    @Test(
        "are those of AWS's own rules, in each partition",
        arguments: [
            (
                AWSService.dynamoDB, "eu-central-1",
                [
                    "dynamodb.eu-central-1.amazonaws.com", "dynamodb-fips.eu-central-1.amazonaws.com",
                    "dynamodb.eu-central-1.api.aws", "dynamodb-fips.eu-central-1.api.aws",
                ]
            ),
            (
                .dynamoDB, "us-gov-west-1",
                [
                    "dynamodb.us-gov-west-1.amazonaws.com", "dynamodb.us-gov-west-1.amazonaws.com",
                    "dynamodb.us-gov-west-1.api.aws", "dynamodb-fips.us-gov-west-1.api.aws",
                ]
            ),
            (
                .sqs, "cn-north-1",
                [
                    "sqs.cn-north-1.amazonaws.com.cn", "sqs-fips.cn-north-1.amazonaws.com.cn",
                    "sqs.cn-north-1.api.amazonwebservices.com.cn", "sqs-fips.cn-north-1.api.amazonwebservices.com.cn",
                ]
            ),
            (
                .eventBridge, "us-gov-east-1",
                [
                    "events.us-gov-east-1.amazonaws.com", "events.us-gov-east-1.amazonaws.com",
                    "events.us-gov-east-1.api.aws", "events.us-gov-east-1.api.aws",
                ]
            ),
            (
                .secretsManager, "us-gov-west-1",
                [
                    "secretsmanager.us-gov-west-1.amazonaws.com", "secretsmanager-fips.us-gov-west-1.amazonaws.com",
                    "secretsmanager.us-gov-west-1.amazonaws.com", "secretsmanager-fips.us-gov-west-1.amazonaws.com",
                ]
            ),
            (
                .sts, "eu-central-1",
                [
                    "sts.eu-central-1.amazonaws.com", "sts-fips.eu-central-1.amazonaws.com",
                    "sts.eu-central-1.api.aws", "sts-fips.eu-central-1.api.aws",
                ]
            ),
        ])
    func endpoints(service: AWSService, region: String, expected: [String]) {
        let found = [(false, false), (true, false), (false, true), (true, true)].map { isFIPS, isDualStack in
            service.defaultEndpoint(in: region, isFIPS: isFIPS, isDualStack: isDualStack)
        }
        #expect(found == expected.map { "https://" + $0 })
    }

    @Test("are chosen by AWS's own settings, which are true or false")
    func settings() {
        func endpoint(_ changes: [String: String]) -> (String, [String]) {
            var settings = SettingsReader(Environment(changes))
            let endpoint = settings.awsEndpoint(.sqs, in: "eu-central-1").text
            return (endpoint, settings.problems.map { $0.description })
        }
        #expect(
            endpoint(["AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"])
                == ("https://sqs-fips.eu-central-1.api.aws", []))
        #expect(endpoint(["AWS_USE_FIPS_ENDPOINT": "yes"]).1 == ["AWS_USE_FIPS_ENDPOINT: expected false or true"])
    }
}
