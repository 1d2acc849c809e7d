import CSystem
import Glibc
import Testing

@testable import PartnerCore

@Suite("CloudWatch metrics")
struct MetricsTests {
    private let metrics = Metrics(
        namespace: "partner-functions", service: "reward-grant", functionName: "prod-reward-grant")
    private let time = Timestamp(epochMilliseconds: 1_574_109_732_004)

    private func invocation(isColdStart: Bool = false) -> Invocation {
        Invocation(
            requestID: "r-1", deadline: .after(milliseconds: 20_000), isColdStart: isColdStart, log: Log(descriptor: -1)
        )
    }

    private func call(_ name: String, _ microseconds: Int) -> Invocation.Call {
        Invocation.Call(name: name, outcome: "200", microseconds: microseconds)
    }

    private func lines(of invocation: Invocation, by metrics: Metrics? = nil) -> [[UInt8]] {
        var text = TextBuffer()
        let record = invocation.record.withLock { $0 }
        (metrics ?? self.metrics).write(record, of: invocation, at: time, to: &text)
        return text.bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    private func coldStartLine(_ metrics: Metrics) -> [UInt8] {
        var text = TextBuffer()
        metrics.writeColdStart(at: time, to: &text)
        return text.bytes.dropLast()
    }

    private func texts(_ lines: [[UInt8]]) -> [String] { lines.map { String(decoding: $0, as: UTF8.self) } }

    @Test("the line of an invocation")
    func line() {
        let invocation = invocation()
        invocation.add(call("POST /api/auth/token", 8125))
        invocation.count("TokenCacheMisses")
        invocation.add(call("POST /api/rewards/grant", 12_500))
        invocation.addRetry()
        invocation.add(call("POST /api/rewards/grant", 9000))
        invocation.count("Grants")
        invocation.count("Grants")
        invocation.count("FailedMessages", by: 0)
        let expected =
            #"{"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"partner-functions","#
            + #""Dimensions":[["service"]],"Metrics":[{"Name":"UpstreamLatency","Unit":"Milliseconds"},"#
            + #"{"Name":"TokenCacheMisses","Unit":"Count"},{"Name":"Grants","Unit":"Count"},"#
            + #"{"Name":"FailedMessages","Unit":"Count"},{"Name":"Retries","Unit":"Count"}]}]},"#
            + #""service":"reward-grant","UpstreamLatency":[8.125,12.5,9],"TokenCacheMisses":1,"Grants":2,"#
            + #""FailedMessages":0,"Retries":1,"requestId":"r-1","#
            + #""upstream":{"POST /api/auth/token":[8.125],"POST /api/rewards/grant":[12.5,9]}}"#
        #expect(texts(lines(of: invocation)) == [expected])
    }

    @Test("ColdStart has a line and dimensions of its own, as Powertools writes it")
    func coldStart() {
        let expected =
            #"{"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"partner-functions","#
            + #""Dimensions":[["function_name","service"]],"Metrics":[{"Name":"ColdStart","Unit":"Count"}]}]},"#
            + #""function_name":"prod-reward-grant","service":"reward-grant","ColdStart":1}"#
        #expect(texts([coldStartLine(metrics)]) == [expected])
    }

    @Test("on Cloud Run the figures stand in the invocation's own line, in the other formats they do not")
    func cloudLogging() throws {
        for (format, isTold) in [(Log.Format.cloudLogging(project: nil), true), (.json, false), (.text, false)] {
            var ends: [Int32] = [0, 0]
            #expect(csystem_pipe(&ends) == 0)
            defer { for end in ends { close(end) } }
            let log = Log(level: .info, format: format, output: LogOutput(ends[1]))
            let invocation = Invocation(requestID: "r-1", deadline: .after(milliseconds: 20_000), log: log)
            for microseconds in [8125, 12_500, 9000] { invocation.add(call("POST /api/auth/token", microseconds)) }
            invocation.count("Grants", by: 2)
            invocation.reach("ReconcileLagSeconds", seconds: 7)
            invocation.conclude("answered", status: 200)
            invocation.finish()
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(ends[0], &bytes, bytes.count)
            let line = String(decoding: bytes[..<count], as: UTF8.self)
            let metrics =
                #""metrics":{"Grants":2,"ReconcileLagSeconds":7,"UpstreamLatency":12.5,"Retries":0}}"# + "\n"
            #expect(line.hasSuffix(metrics) == isTold && line.contains("Grants") == isTold, "\(line)")
        }
    }

    @Test("an invocation that counted nothing has no line")
    func nothing() {
        #expect(lines(of: invocation()).isEmpty)
    }

    @Test("more upstream calls than a metric has values go into further lines, and no call is lost or told twice")
    func manyCalls() throws {
        let invocation = invocation()
        for number in 1...250 { invocation.add(call("POST /api/rewards/grant", number * 1000)) }
        invocation.count("Grants", by: 250)
        let lines = try lines(of: invocation).map { try JSON.parse($0) }
        for line in lines { try expectValid(line) }
        let values = lines.flatMap { $0["UpstreamLatency"]?.array ?? [] }
        #expect(values == (1...250).map { JSON.integer($0) })
        #expect(lines.map { $0["Grants"]?.integer } == [250, nil, nil])
        #expect(lines.map { $0["Retries"]?.integer } == [0, nil, nil])
    }

    @Test("every line is valid, whatever the names and ids are")
    func valid() throws {
        let odd = Metrics(namespace: "a/b", service: #"quote " and \"#, functionName: "f")
        let invocation = Invocation(
            requestID: "line\nbreak", deadline: .after(milliseconds: 1000), log: Log(descriptor: -1))
        invocation.add(call("GET /api/rewards", 1))
        for line in lines(of: invocation, by: odd) + [coldStartLine(odd)] {
            #expect(!line.contains(UInt8(ascii: "\n")))
            try expectValid(JSON.parse(line))
        }
    }

    @Test("the invocation's line and the metrics leave in one write, ColdStart before the others")
    func written() throws {
        var ends: [Int32] = [0, 0]
        // A datagram is what one write(2) has written.
        #expect(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 10_000)
        defer { buffer.deallocate() }
        for level in [Log.Level.info, .error] {
            let log = Log(level: level, format: .json, output: LogOutput(ends[1]))
            let invocation = Invocation(
                requestID: "r-1", deadline: .after(milliseconds: 20_000), isColdStart: true, log: log)
            invocation.count("Grants")
            invocation.conclude("answered", status: 200)
            invocation.finish(with: metrics)
            let count = read(ends[0], buffer, 10_000)
            let text = String(decoding: UnsafeBufferPointer(start: buffer, count: count), as: UTF8.self)
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            if level == .info { #expect(lines.removeFirst().contains("\"message\":\"answered\"")) }
            #expect(lines.count == 3 && lines[2].isEmpty)
            #expect(lines[0].hasSuffix("\"ColdStart\":1}"))
            #expect(lines[1].hasSuffix("\"Grants\":1,\"requestId\":\"r-1\"}"))
        }
    }

    @Test("what Powertools' settings say")
    func settings() throws {
        let about = About(name: "token-relay", summary: "")
        var none = SettingsReader(Environment([:]))
        let plain = try #require(Metrics(reading: &none, for: about))
        #expect(
            [plain.namespace, plain.service, plain.functionName] == ["partner-functions", "token-relay", "token-relay"])

        var all = SettingsReader(
            Environment([
                "POWERTOOLS_METRICS_NAMESPACE": "Shop/Rewards", "POWERTOOLS_SERVICE_NAME": "relay",
                "AWS_LAMBDA_FUNCTION_NAME": "prod-relay",
            ]))
        let named = try #require(Metrics(reading: &all, for: about))
        #expect([named.namespace, named.service, named.functionName] == ["Shop/Rewards", "relay", "prod-relay"])

        var off = SettingsReader(Environment(["POWERTOOLS_METRICS_DISABLED": "true"]))
        #expect(Metrics(reading: &off, for: about) == nil)
        #expect(all.problems.isEmpty && off.problems.isEmpty)
    }

    @Test(
        "names that CloudWatch would drop are problems of the settings",
        arguments: [
            ("POWERTOOLS_METRICS_NAMESPACE", "AWS/Lambda"), ("POWERTOOLS_METRICS_NAMESPACE", ":shop"),
            ("POWERTOOLS_METRICS_NAMESPACE", "caf\u{e9}"), ("POWERTOOLS_SERVICE_NAME", "caf\u{e9}"),
            ("POWERTOOLS_SERVICE_NAME", "a\u{7}"), ("POWERTOOLS_SERVICE_NAME", "  "),
            ("POWERTOOLS_SERVICE_NAME", String(repeating: "x", count: 256)), ("POWERTOOLS_METRICS_DISABLED", "maybe"),
        ])
    func badSettings(name: String, value: String) {
        var settings = SettingsReader(Environment([name: value]))
        _ = Metrics(reading: &settings, for: About(name: "token-relay", summary: ""))
        #expect(settings.problems.map(\.name) == [name])
    }

    /// The rules of CloudWatch's specification.
    private func expectValid(_ line: JSON) throws {
        #expect(line["_aws"]?["Timestamp"]?.integer == time.epochMilliseconds)
        let directives = try #require(line["_aws"]?["CloudWatchMetrics"]?.array)
        let directive = try #require(directives.first)
        #expect(directives.count == 1)
        #expect(directive.members?.map(\.name) == ["Namespace", "Dimensions", "Metrics"])
        for set in try #require(directive["Dimensions"]?.array) {
            let names = try #require(set.array)
            #expect((1...30).contains(names.count))
            for name in names { #expect((1...1024).contains(line[name.string!]?.string?.utf8.count ?? 0)) }
        }
        let definitions = try #require(directive["Metrics"]?.array)
        #expect((1...100).contains(definitions.count))
        #expect(Set(definitions.map { $0["Name"]?.string }).count == definitions.count)
        for definition in definitions {
            #expect(["Count", "Milliseconds"].contains(definition["Unit"]?.string))
            switch line[definition["Name"]!.string!] {
            case .integer, .number: break
            case .array(let values): #expect((1...100).contains(values.count))
            default: Issue.record("a metric without a value: \(definition)")
            }
        }
    }
}
