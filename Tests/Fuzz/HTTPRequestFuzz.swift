@testable import PartnerCore

/// A connection's bytes. The first byte of the input chooses the limits, the next three how the rest is cut.
enum HTTPRequestFuzz {
    private struct Outcome {
        var messages: [HTTPRequestParser.Message] = []
        var refusal: HTTPRefusal?
        var phase = HTTPRequestParser.Phase.idle
    }

    private static let limits = [(64, 8), (256, 64), (1024, 512), (8192, 65_536)]

    static func run(_ input: [UInt8]) {
        guard input.count > 4 else { return }
        let (headerBytes, bodyBytes) = limits[Int(input[0] & 3)]
        let parser = HTTPRequestParser(headerBytes: headerBytes, bodyBytes: bodyBytes)
        let stream = input[4...]
        let whole = read(stream, sizes: [stream.count], with: parser)
        let cut = read(stream, sizes: input[1...3].map { max(1, Int($0 & 63)) }, with: parser)

        let readOver = readingOver(stream, size: max(1, Int(input[1] & 63)), with: parser)
        hold(readOver.refusal == whole.refusal, "bodies that are read over are refused as kept ones are")
        hold(readOver.count == whole.messages.count, "and as many requests are found")

        hold(whole.refusal == cut.refusal, "bytes in pieces are refused as all at once are")
        hold(
            whole.refusal != nil || whole.phase == cut.phase, "after pieces the same is waited for as after all at once"
        )
        hold(whole.messages.count == cut.messages.count, "pieces give as many requests as all at once")
        for (one, other) in zip(whole.messages, cut.messages) {
            hold(isEqual(one.request, other.request), "pieces give the same requests as all at once")
            hold(one.keepsAlive == other.keepsAlive, "pieces end the connection where all at once do")
        }
        for message in whole.messages {
            check(message.request, headerBytes, bodyBytes)
            // Bytes that are no UTF-8 have become U+FFFD, which takes three.
            let roomy = HTTPRequestParser(headerBytes: 3 * headerBytes, bodyBytes: bodyBytes)
            let again = read(written(message.request)[...], sizes: [.max], with: roomy)
            hold(again.refusal == nil && again.messages.count == 1, "a request that was taken can be written")
            hold(isEqual(again.messages[0].request, message.request, butForFraming: true), "and is read as the same")
        }
    }

    private static func read(_ stream: ArraySlice<UInt8>, sizes: [Int], with parser: HTTPRequestParser) -> Outcome {
        var parser = parser
        var outcome = Outcome()
        var rest = stream
        var turn = 0
        do throws(HTTPRefusal) {
            while !rest.isEmpty {
                let piece = rest.prefix(sizes[turn % sizes.count])
                rest = rest[piece.endIndex...]
                turn += 1
                parser.append(piece)
                while let message = try parser.next() { outcome.messages.append(message) }
            }
        } catch {
            outcome.refusal = error
        }
        outcome.phase = parser.phase
        return outcome
    }

    /// Heads alone, and how it ends.
    private static func readingOver(
        _ stream: ArraySlice<UInt8>, size: Int, with parser: HTTPRequestParser
    ) -> (count: Int, refusal: HTTPRefusal?) {
        var parser = parser
        var count = 0
        var rest = stream
        do throws(HTTPRefusal) {
            while !rest.isEmpty {
                let piece = rest.prefix(size)
                rest = rest[piece.endIndex...]
                parser.append(piece)
                while let head = try parser.nextHead(), try parser.discardBody() {
                    hold(head.request.body.isEmpty, "a head has no body")
                    count += 1
                }
            }
        } catch {
            return (count, error)
        }
        return (count, nil)
    }

    private static func check(_ request: Request, _ headerBytes: Int, _ bodyBytes: Int) {
        hold(HTTPSyntax.isToken(request.method.utf8), "a method is a token")
        hold(request.path.utf8.first == UInt8(ascii: "/"), "a path starts with a slash")
        hold((request.path + request.query).utf8.allSatisfy { (0x21...0x7e).contains($0) }, "a target is printable")
        hold(request.body.count <= bodyBytes, "a body is within its limit")
        var spent = request.method.utf8.count + request.path.utf8.count + request.query.utf8.count
        for field in request.headers.fields {
            hold(HTTPSyntax.isToken(field.name.utf8), "a field's name is a token")
            hold(!field.value.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 }, "a field's value is one line")
            spent += field.name.utf8.count + field.value.unicodeScalars.count
        }
        hold(spent <= headerBytes, "a header is within its limit")
        hold(request.headers.all("Host").count <= 1, "there is one host at most")
        let lengths = request.headers.all("Content-Length")
        if request.headers["Transfer-Encoding"] != nil {
            hold(lengths.isEmpty, "a body has one length")
        } else {
            hold(request.body.count == lengths.first.flatMap { Int($0) } ?? 0, "a body is as long as it is said to be")
        }
    }

    /// In HTTP/1.0 and without chunks, which takes no more bytes than it came in.
    private static func written(_ request: Request) -> [UInt8] {
        let query = request.query.isEmpty ? "" : "?" + request.query
        var bytes = Array("\(request.method) \(request.path)\(query) HTTP/1.0\r\n".utf8)
        for field in request.headers.fields {
            let isChunked = equalIgnoringASCIICase(field.name, "Transfer-Encoding")
            bytes += (isChunked ? "Content-Length" : field.name).utf8 + [UInt8(ascii: ":")]
            bytes += isChunked ? Array("\(request.body.count)".utf8) : Array(field.value.utf8)
            bytes += [HTTPSyntax.cr, HTTPSyntax.lf]
        }
        return bytes + [HTTPSyntax.cr, HTTPSyntax.lf] + request.body
    }

    private static func isEqual(_ left: Request, _ right: Request, butForFraming: Bool = false) -> Bool {
        func fields(_ request: Request) -> [Headers.Field] {
            request.headers.fields.filter { field in
                !butForFraming
                    || !["Content-Length", "Transfer-Encoding"].contains { equalIgnoringASCIICase($0, field.name) }
            }
        }
        return left.method == right.method && left.path == right.path && left.query == right.query
            && left.body == right.body
            && fields(left).elementsEqual(fields(right)) { $0.name == $1.name && isSame($0.value, $1.value) }
    }
}
