import Testing

@testable import PartnerCore

/// A table of DynamoDB's that processes share. Each calls it by a gate of its own, which lets through what it sends while
/// it lives.
final class SharedTable: Sendable {
    private let table = "test-" + randomID()
    private let service: String
    private let gates = Lock<[HTTPServer]>([])

    init() throws {
        service = try #require(Environment.process["AWS_ENDPOINT_URL"])
        var settings = SettingsReader(.process)
        try StoreUnderTest.makeTable(table, with: AWSClient(.dynamoDB, reading: &settings))
    }

    deinit { for gate in gates.withLock({ $0 }) { gate.stop() } }

    func open(_ life: UpkeepProcess.Life, _ clock: @escaping @Sendable () -> Timestamp) throws -> RecordStore {
        var settings = SettingsReader(Environment([:]))
        let client = HTTPClient(reading: &settings, largestAnswer: AWSClient.largestAnswer)
        let gate = try HTTPServer(port: 0) { [service] request in
            let outcome = life.step()
            guard outcome != .diesBefore else { return Self.gone }
            let forwarded = HTTPRequest(
                name: "DynamoDB", method: request.method, url: service + "/", headers: request.signed,
                body: request.body)
            do throws(HTTPError) {
                let answer = try client.send(forwarded, in: .forStore())
                return outcome == .lives ? .response(Response(status: answer.status, body: answer.body)) : Self.gone
            } catch {
                return .close
            }
        }
        Thread { gate.run() }!.detach()
        gates.withLock { $0.append(gate) }
        settings = SettingsReader(
            Environment { $0 == "AWS_ENDPOINT_URL" ? "http://127.0.0.1:\(gate.port)" : Environment.process[$0] })
        return .dynamoDB(DynamoDBStore(table: table, reading: &settings, clock: clock))
    }

    /// It is not tried again, as nothing of the dead is.
    private static var gone: HTTPServer.Reply {
        .response(Response(status: 400, body: Array(#"{"__type":"AccessDeniedException"}"#.utf8)))
    }
}

extension Request {
    /// What its signature covers, and the signature: the host is the gate's therefore.
    fileprivate var signed: Headers {
        var signed = Headers()
        for name in ["Host", "Content-Type", "X-Amz-Target", "X-Amz-Date", "X-Amz-Security-Token", "Authorization"] {
            if let value = headers[name] { signed.add(name, value) }
        }
        return signed
    }
}
