import Testing

@testable import PartnerCore

@Suite struct QueueVisibilityTests {
    static let role = [
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example-key",
    ]

    @Test("what waits for one moment comes back at different times after it, and within a quarter of an hour")
    func isSpread() {
        let timeouts = (0..<200).map { _ in QueueVisibility.timeout(for: 3600) }
        #expect(timeouts.allSatisfy { (3600..<4500).contains($0) })
        #expect(Set(timeouts).count > 50)
    }

    @Test("nothing is hidden for longer than SQS allows", arguments: [42_300, 86_400, Int.max])
    func isBounded(seconds: Int) {
        #expect(QueueVisibility.timeout(for: seconds) == 42_300)
    }

    @Test("where the environment lacks what AWS is called with, nothing is hidden, and the start goes on")
    func needsARole() {
        for missing in Self.role.keys {
            var settings = SettingsReader(Environment(Self.role.filter { $0.key != missing }))
            #expect(QueueVisibility(reading: &settings) == nil, "without \(missing)")
            #expect(settings.problems.isEmpty)
        }
        var settings = SettingsReader(Environment(Self.role))
        #expect(QueueVisibility(reading: &settings) != nil)
    }

    @Test("a queue's address is of its ARN's partition, region and account")
    func knowsAddresses() {
        #expect(
            QueueVisibility.url(ofQueue: "arn:aws:sqs:us-east-1:123456789012:rewards.fifo")
                == "https://sqs.us-east-1.amazonaws.com/123456789012/rewards.fifo")
        #expect(
            QueueVisibility.url(ofQueue: "arn:aws-cn:sqs:cn-north-1:123456789012:rewards")
                == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/rewards")
        for arn in ["", "rewards", "arn:aws:sns:us-east-1:123456789012:rewards", "arn:aws:sqs:us-east-1:1:a:b"] {
            #expect(QueueVisibility.url(ofQueue: arn) == nil)
        }
    }
}
