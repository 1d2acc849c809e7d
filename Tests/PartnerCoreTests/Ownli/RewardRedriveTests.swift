import Testing

@testable import PartnerCore

/// Over moto's queues.
@Suite(
    "Redriving rewards", .serialized, .enabled(if: Backend.allCases.contains(.dynamoDB)))
struct RewardRedriveTests {
    private func invocation() -> Invocation { .forStore() }

    /// Queues of AWS's, and what is in them.
    private struct Queues {
        let client: AWSClient
        let letters: MessageQueue
        let failed: MessageQueue
        let orders: MessageQueue

        init(fifo: Bool = false) throws {
            var settings = SettingsReader(.process)
            let client = AWSClient(.sqs, reading: &settings)
            func make(_ name: String, fifo: Bool) throws -> MessageQueue {
                let attributes: JSON = fifo ? ["FifoQueue": "true"] : [:]
                let answer = try client.call(
                    "AmazonSQS.CreateQueue",
                    ["QueueName": .string("\(name)-\(randomID())\(fifo ? ".fifo" : "")"), "Attributes": attributes],
                    in: .forStore())
                return MessageQueue(url: try #require(answer["QueueUrl"]?.string), client)
            }
            self.client = client
            letters = try make("letters", fifo: fifo)
            failed = try make("failed", fifo: false)
            orders = try make("orders", fifo: fifo)
        }

        func redrive(_ test: StoreUnderTest, later seconds: Int = 0) -> RewardRedrive {
            var settings = SettingsReader(Environment([:]))
            let guards = RewardGuards(reading: &settings, limits: RewardLimits())
            return RewardRedrive(
                from: [letters, failed], to: orders, RewardJudge(test.store, within: guards)
            ) { Timestamp.now().adding(seconds: seconds) }
        }
    }

    private static let wrong = ["wrong INVALID_JSON", "wrong INVALID_PARAMETERS"]

    private func order(_ number: Int, amount: String = "25.10") -> String {
        #"{"userId":"XT_USR1","amount":\#(amount),"actionCode":"purchase","clientReference":"order-\#(number)"}"#
    }

    private func all(_ queue: MessageQueue) throws -> [ReceivedMessage] {
        var found: [ReceivedMessage] = []
        while true {
            let page = try queue.receive(hiddenFor: 600, in: invocation())
            if page.isEmpty { break }
            found += page
        }
        for message in found { try queue.show(message.receipt, in: invocation()) }
        return found
    }

    private func bodies(_ queue: MessageQueue) throws -> [String] { try all(queue).map { $0.body }.sorted { $0 < $1 } }

    /// Moves what can be moved.
    ///
    /// - Returns: what became of each, by its reference or its id.
    private func run(_ redrive: RewardRedrive) throws -> [String] {
        var (redrive, told): (RewardRedrive, [String]) = (redrive, [])
        while let page = try redrive.next(in: invocation()) {
            for letter in page {
                let outcome = redrive.outcome(of: letter)
                if outcome == .moved { try redrive.move(letter, in: invocation()) }
                told.append("\(outcome) \(letter.order?.clientReference ?? letter.refusal?.code ?? "")")
            }
        }
        while !redrive.show(in: invocation()) {}
        return told.sorted { $0 < $1 }
    }

    @Test("moves what may be granted, with its attributes, and leaves and tells what never can be")
    func mixed() throws {
        let (test, queues) = (try StoreUnderTest(.sqlite), try Queues())
        let attributes: JSON = [
            "trace": ["DataType": "String", "StringValue": "é"],
            "size": ["DataType": "Number.int", "StringValue": "7"],
            "raw": ["DataType": "Binary", "BinaryValue": "AAEC"],
        ]
        for number in 0..<12 {
            try queues.letters.send(order(number), attributes: attributes, in: invocation())
        }
        try queues.letters.send(order(90, amount: "25.101"), attributes: [:], in: invocation())
        try queues.letters.send("no JSON", attributes: [:], in: invocation())
        let record =
            #"{"version":"1.0","requestContext":{"functionArn":"arn","condition":"RetriesExhausted"},"#
            + #""requestPayload":\#(order(12))}"#
        try queues.failed.send(record, attributes: [:], in: invocation())
        let told = try run(queues.redrive(test))
        #expect(
            told == (0...12).map { "moved order-\($0)" }.sorted { $0 < $1 } + Self.wrong)
        #expect(try bodies(queues.orders) == (0...12).map { order($0) }.sorted { $0 < $1 })
        #expect(try bodies(queues.letters) == ["no JSON", order(90, amount: "25.101")], "shown again at once")
        #expect(try bodies(queues.failed) == [])
        let kept = try all(queues.orders).filter { !$0.body.contains("order-12") }
        #expect(kept.allSatisfy { Set($0.attributes.members?.map { $0.name } ?? []) == ["trace", "size", "raw"] })
        #expect(kept.allSatisfy { $0.attributes["raw"]?["BinaryValue"] == "AAEC" })
        #expect(try run(queues.redrive(test)) == Self.wrong, "again, as it was")
    }

    @Test("shows everything again that it did not move")
    func dry() throws {
        let (test, queues) = (try StoreUnderTest(.sqlite), try Queues())
        for number in 0..<3 { try queues.letters.send(order(number), attributes: [:], in: invocation()) }
        var redrive = queues.redrive(test)
        var count = 0
        while let page = try redrive.next(in: invocation()) { count += page.count }
        #expect(try queues.letters.receive(hiddenFor: 0, in: invocation()).isEmpty, "hidden meanwhile")
        while !redrive.show(in: invocation()) {}
        #expect(try count == 3 && bodies(queues.letters).count == 3 && queues.letters.count(in: invocation()) == 3)
    }

    @Test("keeps group and deduplication where there is an order, and waits until the queue has forgotten them")
    func fifo() throws {
        let (test, queues) = (try StoreUnderTest(.sqlite), try Queues(fifo: true))
        for number in 0..<3 {
            try queues.letters.send(
                order(number), attributes: [:], group: "user-\(number % 2)", deduplicationID: "id-\(number)",
                in: invocation())
        }
        #expect(try run(queues.redrive(test)) == (0..<3).map { "tooEarly order-\($0)" })
        #expect(try run(queues.redrive(test, later: 400)) == (0..<3).map { "moved order-\($0)" })
        let moved = try all(queues.orders)
        #expect(Set(moved.map { "\($0.group ?? "") \($0.deduplicationID ?? "")" }).count == 3)
        #expect(
            moved.allSatisfy { $0.group?.hasPrefix("user-") == true && $0.deduplicationID?.hasPrefix("id-") == true })
    }

    @Test("killed between sending and deleting leaves a message in both queues, and the next one moves it once more")
    func killed() throws {
        let (test, queues) = (try StoreUnderTest(.sqlite), try Queues())
        try queues.letters.send(order(1), attributes: [:], in: invocation())
        // What the first one had sent by then.
        try queues.orders.send(order(1), attributes: [:], in: invocation())
        #expect(try run(queues.redrive(test)) == ["moved order-1"])
        #expect(try bodies(queues.orders) == [order(1), order(1)] && bodies(queues.letters) == [])
    }

    @Test("settings: addresses of queues, of which none is among the others")
    func settings() {
        func problems(_ target: String?, _ letters: String?) -> [String] {
            var environment = ["AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"]
            environment["REWARD_QUEUE_URL"] = target
            environment["REWARD_DEAD_LETTER_URLS"] = letters
            var settings = SettingsReader(Environment(environment))
            let guards = RewardGuards(reading: &settings, limits: RewardLimits())
            _ = RewardRedrive(RewardJudge(.notOpened, within: guards), reading: &settings)
            return settings.problems.map { $0.name }
        }
        let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/"
        #expect(problems(queue + "orders", queue + "letters," + queue + "failed") == [])
        #expect(problems(nil, nil) == ["REWARD_QUEUE_URL", "REWARD_DEAD_LETTER_URLS"])
        #expect(problems("arn:aws:sqs:eu-central-1:123456789012:orders", queue + "a") == ["REWARD_QUEUE_URL"])
        #expect(problems(queue + "orders", ",") == ["REWARD_DEAD_LETTER_URLS"])
        #expect(problems(queue + "orders", queue + "a," + queue + "orders") == ["REWARD_DEAD_LETTER_URLS"])
    }
}
