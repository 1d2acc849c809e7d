import CSystem
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("What the developer reads")
struct ConsoleTests {
    /// What a console writes to a pipe, without the time of day.
    private func written(_ body: (Console) -> Void) throws -> [String] {
        var pipe: [Int32] = [-1, -1]
        try #require(csystem_pipe(&pipe) == 0)
        body(Console(descriptor: pipe[1], names: ["gateway", "reward-grant"], environment: Environment([:])))
        close(pipe[1])
        defer { close(pipe[0]) }
        let text = String(decoding: try readAll(pipe[0]), as: UTF8.self)
        return text.split(separator: "\n").map { String($0.dropFirst("12:34:56.789 ".count)) }
    }

    @Test("lines stand below one another, without colours where there is no terminal")
    func lines() throws {
        let lines = try written { console in
            console.line("gateway", "ready", .notice)
            console.line("reward-grant", "ended", .problem)
        }
        #expect(lines == ["gateway       ready", "reward-grant  ended"])
    }

    @Test("a function's log is read out, and anything else it prints is left as it is")
    func logLines() throws {
        let lines = try written { console in
            console.logLine(
                "gateway",
                #"{"timestamp":"t","level":"INFO","requestId":"r","message":"answered","status":200,"list":[1]}"#)
            console.logLine("gateway", #"{"level":"ERROR","message":"refused"}"#)
            console.logLine("gateway", "Segmentation fault")
        }
        #expect(
            lines == [
                "gateway       answered status=200 list=[1]", "gateway       ERROR refused",
                "gateway       Segmentation fault",
            ])
    }

    @Test("no control character reaches the terminal, however it is hidden")
    func controlCharacters() throws {
        let lines = try written { console in
            console.logLine("gateway", "a\u{1B}[31mb\u{7}c\u{9B}d")
            console.logLine("gateway", #"{"level":"INFO","message":"a\u001b[31mb\u0007","x":"\u001b[0m"}"#)
        }
        #expect(lines == ["gateway       a[31mbcd", "gateway       a[31mb x=[0m"])
    }
}
