import CSystem

/// Serves a function on standard input and output: one event and one answer, or with `--stream` one a line.
struct StandardStreams<F: Function> {
    let invoker: Invoker<F>
    let log: Log

    /// What an invocation may take here, where no platform sets a limit.
    private static var timeLimitMilliseconds: Int { 30_000 }

    /// - Parameter path: the file that holds the event; standard input when nil.
    /// - Returns: the exit status. 0: there is an answer, whatever its status code; 1: there is none.
    func runOnce(path: String?) -> Int32 {
        let event: [UInt8]
        do throws(SystemError) {
            event = if let path { try readFile(path) } else { try readAll(STDIN_FILENO) }
        } catch {
            write(
                Invoker<F>.Failure(type: "Runtime.InvalidEvent", message: "the event cannot be read: \(error.reason)")
                    .json.text)
            return 1
        }
        return answer(event, isFirst: true) ? 0 : 1
    }

    /// One event a line until the end of input, answered in order. An empty line is passed over.
    func runStream() -> Int32 {
        var buffer: [UInt8] = []
        var isFirst = true
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0 && csystem_errno() == EINTR { continue }
            let isEnd = count <= 0
            if !isEnd { buffer += chunk[..<count] } else if !buffer.isEmpty { buffer.append(UInt8(ascii: "\n")) }
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer.removeSubrange(...end)
                guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { continue }
                _ = answer(line, isFirst: isFirst)
                isFirst = false
            }
            if isEnd { return count < 0 ? 1 : 0 }
        }
    }

    private func answer(_ event: [UInt8], isFirst: Bool) -> Bool {
        let invocation = Invocation(
            requestID: randomID(), deadline: .after(milliseconds: Self.timeLimitMilliseconds), isColdStart: isFirst,
            log: log)
        defer { invocation.finish() }
        switch invoker.invoke(event, in: invocation) {
        case .answer(let answer):
            write(answer)
            return true
        case .failure(let failure):
            write(failure.json.text)
            return false
        }
    }

    private func write(_ line: [UInt8]) {
        // If that fails, whoever asked is gone, and there is nobody to tell.
        try? writeAll(line + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
    }
}
