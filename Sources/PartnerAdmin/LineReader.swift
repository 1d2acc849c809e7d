import CSystem
import PartnerCore

/// The lines of a file or a text, one after the other: a file of any size takes no more room than its longest line.
final class LineReader: Sendable {
    private struct State: Sendable {
        var buffer: [UInt8] = []
        var start = 0
        var isAtEnd = false
    }

    private let descriptor: Int32?
    private let state: Lock<State>

    static let longestLine = 65_536

    init(descriptor: Int32) {
        self.descriptor = descriptor
        state = Lock(State())
    }

    convenience init(text: String) { self.init(bytes: Array(text.utf8)) }

    init(bytes: [UInt8]) {
        descriptor = nil
        state = Lock(State(buffer: bytes, isAtEnd: true))
    }

    /// The next line, without its end (LF or CRLF); nil after the last one.
    func next() throws(AdminError) -> [UInt8]? {
        let result = state.withLock { next(&$0) }
        return try result.get()
    }

    private func next(_ state: inout State) -> Result<[UInt8]?, AdminError> {
        while true {
            if let end = state.buffer[state.start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = state.buffer[state.start..<end]
                state.start = end + 1
                return .success(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
            }
            if state.isAtEnd || descriptor == nil {
                let line = Array(state.buffer[state.start...])
                state.start = state.buffer.count
                return .success(line.isEmpty ? nil : line)
            }
            state.buffer.removeFirst(state.start)
            state.start = 0
            guard state.buffer.count <= Self.longestLine else {
                return .failure(.usage("a line is longer than \(Self.longestLine) bytes"))
            }
            var chunk = [UInt8](repeating: 0, count: Self.longestLine)
            let count = read(descriptor ?? -1, &chunk, chunk.count)
            guard count >= 0 else { return .failure(.usage("the input cannot be read")) }
            if count == 0 { state.isAtEnd = true } else { state.buffer += chunk[..<count] }
        }
    }
}
