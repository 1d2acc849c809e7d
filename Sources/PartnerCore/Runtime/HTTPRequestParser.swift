/// Turns the bytes of a connection into requests, strictly (RFC 9112). It knows no sockets: bytes go in as they come,
/// cut anywhere, and requests come out in order. After a refusal it is of no more use.
struct HTTPRequestParser {
    struct Message {
        let request: Request
        let keepsAlive: Bool
    }

    /// What is being waited for. A deadline belongs to each.
    enum Phase { case idle, head, body }

    private enum State {
        case requestLine
        case fields
        case content(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
    }

    /// A chunk's size, its extensions, CR and LF.
    private static let longestChunkLine = 256

    private let headerBytes: Int
    /// The most that any body may have.
    private let bodyBytes: Int
    private var state = State.requestLine
    /// What came and is not yet used.
    private var buffer: [UInt8] = []
    private var position = 0
    /// Where the search for the line's end goes on, so that a byte at a time costs no more than all at once.
    private var scanned = 0
    /// What the header, the trailers and the chunk extensions have taken of `headerBytes`.
    private var headerSpent = 0
    private var mayStartWithEmptyLine = true
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// What has come of the body, kept or not.
    private var bodySize = 0
    /// The most that this body may have.
    private var bodyLimit: Int
    private var keepsBody = true
    private var owesContinue = false

    init(headerBytes: Int, bodyBytes: Int) {
        self.headerBytes = headerBytes
        self.bodyBytes = bodyBytes
        bodyLimit = bodyBytes
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        buffer.removeSubrange(..<position)
        scanned -= position
        position = 0
        buffer.append(contentsOf: bytes)
    }

    /// Holds no memory while nothing has come: there may be very many who wait.
    mutating func rest() {
        guard position == buffer.count else { return }
        buffer = []
        position = 0
        scanned = 0
    }

    var phase: Phase {
        switch state {
        case .requestLine: position == buffer.count ? .idle : .head
        case .fields: .head
        case .content, .chunkSize, .chunk, .chunkEnd, .trailers: .body
        }
    }

    /// Whether the request that is being read asks for an answer without a body.
    var isHead: Bool { head?.method == "HEAD" }

    /// Whether `100 Continue` is to be sent now; true once per request.
    mutating func takeContinue() -> Bool {
        defer { owesContinue = false }
        return owesContinue
    }

    /// Bytes that are held of the request that is being read.
    var held: Int { body.count + buffer.count - position }

    /// The head of the next request, which has no body yet; nil when more bytes are needed for it. What is to become of
    /// the body may be said then.
    mutating func nextHead() throws(HTTPRefusal) -> Message? {
        guard try readHead(), let head else { return nil }
        return Message(request: head.request(body: []), keepsAlive: head.keepsAlive)
    }

    /// Takes no more of this body than that.
    mutating func limitBody(to limit: Int) throws(HTTPRefusal) {
        bodyLimit = min(bodyBytes, limit)
        if case .content(let remaining) = state, remaining > bodyLimit { throw .bodyTooLarge }
    }

    /// Reads over this body.
    ///
    /// - Returns: whether all of it has come, and the next request follows.
    mutating func discardBody() throws(HTTPRefusal) -> Bool {
        keepsBody = false
        return try next() != nil
    }

    /// The next request; nil when more bytes are needed for it.
    mutating func next() throws(HTTPRefusal) -> Message? {
        guard try readHead() else { return nil }
        while true {
            switch state {
            case .requestLine, .fields: return nil
            case .content(let remaining):
                let left = remaining - take(remaining)
                state = .content(remaining: left)
                guard left == 0 else { return nil }
                return finish()
            case .chunkSize:
                guard let line = try line(longest: Self.longestChunkLine, else: .chunkMalformed) else { return nil }
                try beginChunk(line)
            case .chunk(let remaining):
                let left = remaining - take(remaining)
                state = left == 0 ? .chunkEnd : .chunk(remaining: left)
                guard left == 0 else { return nil }
            case .chunkEnd:
                guard buffer.count - position >= 2 else { return nil }
                guard buffer[position] == HTTPSyntax.cr, buffer[position + 1] == HTTPSyntax.lf else {
                    throw .chunkMalformed
                }
                position += 2
                scanned = position
                state = .chunkSize
            case .trailers:
                guard let line = try headerLine() else { return nil }
                if line.isEmpty { return finish() }
                // Checked and left out: nothing here has a use for them (RFC 9110 section 6.5.1).
                _ = try HTTPRequestHead.field(line)
            }
        }
    }

    /// - Returns: whether the head is whole, and the body is next.
    private mutating func readHead() throws(HTTPRefusal) -> Bool {
        while true {
            switch state {
            case .requestLine:
                guard let line = try headerLine() else { return false }
                // RFC 9112 section 2.2: a line break too many after the request before this one.
                if line.isEmpty && mayStartWithEmptyLine {
                    mayStartWithEmptyLine = false
                } else {
                    head = try HTTPRequestHead(requestLine: line)
                    state = .fields
                }
            case .fields:
                guard let line = try headerLine() else { return false }
                if line.isEmpty { try beginBody() } else { try head?.add(fieldLine: line) }
            case .content, .chunkSize, .chunk, .chunkEnd, .trailers: return true
            }
        }
    }

    private mutating func beginBody() throws(HTTPRefusal) {
        guard let head else { return }
        switch try head.framing() {
        case .length(let count):
            guard count <= bodyBytes else { throw .bodyTooLarge }
            state = .content(remaining: count)
            owesContinue = head.expectsContinue && count > 0 && position == buffer.count
        case .chunked:
            state = .chunkSize
            owesContinue = head.expectsContinue && position == buffer.count
        }
    }

    private mutating func beginChunk(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) {
        let end = line.firstIndex(of: UInt8(ascii: ";")) ?? line.endIndex
        guard let size = HTTPSyntax.hexadecimal(line[..<end]), HTTPSyntax.isFieldValue(line[end...]) else {
            throw .chunkMalformed
        }
        headerSpent += line[end...].count
        guard headerSpent <= headerBytes else { throw .headerTooLarge }
        guard size <= bodyLimit - bodySize else { throw .bodyTooLarge }
        state = size == 0 ? .trailers : .chunk(remaining: size)
    }

    /// Moves up to `count` bytes to the body, and says how many it moved.
    private mutating func take(_ count: Int) -> Int {
        let taken = min(count, buffer.count - position)
        if keepsBody { body.append(contentsOf: buffer[position..<position + taken]) }
        bodySize += taken
        position += taken
        scanned = position
        return taken
    }

    private mutating func headerLine() throws(HTTPRefusal) -> ArraySlice<UInt8>? {
        let line = try line(longest: headerBytes - headerSpent, else: .headerTooLarge)
        if let line { headerSpent += line.count + 2 }
        return line
    }

    /// The next line without its line break; nil when its end has not come yet.
    private mutating func line(
        longest: Int, else tooLong: HTTPRefusal
    ) throws(HTTPRefusal) -> ArraySlice<UInt8>? {
        guard let end = buffer[scanned...].firstIndex(of: HTTPSyntax.lf) else {
            scanned = buffer.count
            guard scanned - position < longest else { throw tooLong }
            return nil
        }
        let start = position
        guard end + 1 - start <= longest else { throw tooLong }
        guard end > start, buffer[end - 1] == HTTPSyntax.cr, !buffer[start..<end - 1].contains(HTTPSyntax.cr) else {
            throw .lineBreakMalformed
        }
        position = end + 1
        scanned = position
        return buffer[start..<end - 1]
    }

    private mutating func finish() -> Message? {
        guard let head else { return nil }
        defer { body = [] }
        state = .requestLine
        headerSpent = 0
        mayStartWithEmptyLine = true
        self.head = nil
        bodySize = 0
        bodyLimit = bodyBytes
        keepsBody = true
        return Message(request: head.request(body: body), keepsAlive: head.keepsAlive)
    }
}
