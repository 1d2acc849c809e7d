/// Turns the bytes of a connection into one answer, strictly (RFC 9112). It knows no sockets: bytes go in as they come, cut
/// anywhere. After an error, or the answer, it is of no more use.
struct HTTPResponseParser {
    struct Message {
        let status: Int
        let headers: Headers
        let body: [UInt8]
        /// Whether another request may be sent on this connection.
        let keepsAlive: Bool
    }

    private enum State {
        case statusLine
        case fields
        case content(remaining: Int)
        /// Nobody has said how long the body is: the connection's end is its end.
        case rest
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
    }

    /// For everything that is not body, interim answers and chunk sizes too.
    static let headerBytes = 65_536

    private let bodyBytes: Int
    private var state = State.statusLine
    /// What came and is not yet used.
    private var buffer: [UInt8] = []
    private var position = 0
    /// Where the search for the line's end goes on.
    private var scanned = 0
    private var headerSpent = 0
    private var status = 0
    private var isVersion11 = true
    private var headers = Headers()
    private var body: [UInt8] = []

    /// - Parameter bodyBytes: the most that a body may have.
    init(bodyBytes: Int) { self.bodyBytes = bodyBytes }

    mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        scanned -= position
        if position == buffer.count {
            buffer = [UInt8](copying: bytes)
        } else {
            buffer.removeSubrange(..<position)
            buffer.append(contentsOf: bytes)
        }
        position = 0
    }

    /// The answer; nil when more bytes are needed for it.
    mutating func next() throws(LambdaAPIError) -> Message? {
        while true {
            switch state {
            case .statusLine:
                guard let line = try line() else { return nil }
                try begin(line)
            case .fields:
                guard let line = try line() else { return nil }
                if line.isEmpty { try endHead() } else { try add(line) }
            case .content(let remaining):
                let left = try remaining - take(remaining)
                state = .content(remaining: left)
                return left == 0 ? message(isWhole: true) : nil
            case .rest:
                _ = try take(.max)
                return nil
            case .chunkSize:
                guard let line = try line() else { return nil }
                let end = line.firstIndex(of: UInt8(ascii: ";")) ?? line.endIndex
                guard let size = HTTPSyntax.hexadecimal(line[..<end]), HTTPSyntax.isFieldValue(line[end...]) else {
                    throw .answerMalformed
                }
                state = size == 0 ? .trailers : .chunk(remaining: size)
            case .chunk(let remaining):
                let left = try remaining - take(remaining)
                state = left == 0 ? .chunkEnd : .chunk(remaining: left)
                guard left == 0 else { return nil }
            case .chunkEnd:
                guard let line = try line() else { return nil }
                guard line.isEmpty else { throw .answerMalformed }
                state = .chunkSize
            case .trailers:
                guard let line = try line() else { return nil }
                if line.isEmpty { return message(isWhole: true) }
                _ = try field(line)
            }
        }
    }

    /// The answer, now that the connection has ended; nil when it is cut off.
    mutating func end() -> Message? {
        guard case .rest = state else { return nil }
        return message(isWhole: false)
    }

    private mutating func begin(_ line: ArraySlice<UInt8>) throws(LambdaAPIError) {
        // `HTTP/1.1 200 OK`: the reason may be missing, and its space with it: nothing hangs on either.
        let (version, behind) = (line.prefix(8), line.dropFirst(12).first)
        guard line.count >= 12, behind == nil || behind == HTTPSyntax.space,
            version.elementsEqual("HTTP/1.1".utf8) || version.elementsEqual("HTTP/1.0".utf8),
            line[line.startIndex + 8] == HTTPSyntax.space,
            let status = HTTPSyntax.decimal(line[(line.startIndex + 9)..<(line.startIndex + 12)]), status >= 100,
            line.withUnsafeBufferPointer({ HTTPSyntax.isFieldValue($0) })
        else { throw .answerMalformed }
        self.status = status
        isVersion11 = version.last == UInt8(ascii: "1")
        headers = Headers()
        state = .fields
    }

    private mutating func endHead() throws(LambdaAPIError) {
        // Nobody has asked for another protocol.
        guard status != 101 else { throw .answerMalformed }
        if status < 200 {
            state = .statusLine
        } else if status == 204 || status == 304 {
            state = .content(remaining: 0)
        } else {
            switch try framing() {
            case .length(let count):
                guard count <= bodyBytes else { throw .answerTooLarge }
                if count > buffer.count - position { body.reserveCapacity(count) }
                state = .content(remaining: count)
            case .chunked: state = .chunkSize
            case nil: state = .rest
            }
        }
    }

    private func framing() throws(LambdaAPIError) -> HTTPFraming? {
        do throws(HTTPRefusal) { return try headers.framing(isVersion11: isVersion11) } catch { throw .answerMalformed }
    }

    private mutating func add(_ line: ArraySlice<UInt8>) throws(LambdaAPIError) {
        let (name, value) = try field(line)
        headers.add(name, value)
    }

    private func field(_ line: ArraySlice<UInt8>) throws(LambdaAPIError) -> (name: String, value: String) {
        do throws(HTTPRefusal) { return try HTTPRequestHead.field(line) } catch { throw .answerMalformed }
    }

    /// Moves up to `count` bytes to the body, and says how many it moved.
    private mutating func take(_ count: Int) throws(LambdaAPIError) -> Int {
        let taken = min(count, buffer.count - position)
        guard taken <= bodyBytes - body.count else { throw .answerTooLarge }
        let piece = position..<position + taken
        if body.capacity == 0 {
            body = buffer.withUnsafeBufferPointer { [UInt8](copying: UnsafeBufferPointer(rebasing: $0[piece])) }
        } else {
            body.append(contentsOf: buffer[piece])
        }
        position += taken
        scanned = position
        return taken
    }

    /// The next line without its line break; nil when its end has not come yet.
    private mutating func line() throws(LambdaAPIError) -> ArraySlice<UInt8>? {
        let from = scanned
        let end = buffer.withUnsafeBufferPointer { bytes -> Int? in
            UnsafeBufferPointer(rebasing: bytes[from...]).firstIndex(of: HTTPSyntax.lf).map { from + $0 }
        }
        scanned = end.map { $0 + 1 } ?? buffer.count
        guard headerSpent + scanned - position <= Self.headerBytes else { throw .answerTooLarge }
        guard let end else { return nil }
        // Another CR within the line is no part of anything that is read from one.
        guard end > position, buffer[end - 1] == HTTPSyntax.cr else { throw .answerMalformed }
        let line = buffer[position..<end - 1]
        headerSpent += scanned - position
        position = scanned
        return line
    }

    /// Bytes that nobody has asked for are no beginning of the next answer.
    private func message(isWhole: Bool) -> Message {
        let isLast = !isWhole || position < buffer.count
        return Message(
            status: status, headers: headers, body: body,
            keepsAlive: !isLast && headers.keepsAlive(isVersion11: isVersion11))
    }
}
