/// The Lambda Runtime API as one poller uses it: one keep-alive connection straight to an ip:port.
final class LambdaAPI {
    /// An invocation as `/next` hands it out.
    struct Next {
        let requestID: String
        /// As it came: epoch milliseconds, if the platform keeps its word.
        let deadline: String?
        let traceID: String?
        /// JSON, as the caller sent it.
        let clientContext: String?
        let event: [UInt8]
    }

    private enum Header {
        static let requestID = "Lambda-Runtime-Aws-Request-Id"
        static let deadline = "Lambda-Runtime-Deadline-Ms"
        static let traceID = "Lambda-Runtime-Trace-Id"
        static let clientContext = "Lambda-Runtime-Client-Context"
        static let errorType = "Lambda-Runtime-Function-Error-Type"
    }

    /// The largest event is 6 MB, which base64 or escapes cannot make larger: the limit is on what crosses this wire.
    private static let largestEvent = 8 * 1_048_576

    private let base: String
    private let connection = OutboundConnection(
        trust: .none, largestAnswer: LambdaAPI.largestEvent, proxyExceptions: nil)

    /// - Parameter address: AWS_LAMBDA_RUNTIME_API, an ip:port.
    init(address: String) {
        base = "http://\(address)/2018-06-01/runtime"
    }

    /// `GET /runtime/invocation/next`. Waits for ever: the process is frozen meanwhile.
    ///
    /// - Returns: nil when the API does not hand out invocations any more, and the process has to end.
    func next() -> Next? {
        let request = HTTPRequest(name: "next", method: "GET", url: base + "/invocation/next")
        let timeouts = OutboundConnection.Timeouts(connectMilliseconds: 1000, wholeMilliseconds: nil)
        guard let response = try? connection.send(request, timeouts: timeouts), response.status == 200,
            let requestID = connection.header(Header.requestID)
        else { return nil }
        return Next(
            requestID: requestID, deadline: connection.header(Header.deadline),
            traceID: connection.header(Header.traceID), clientContext: connection.header(Header.clientContext),
            event: response.body)
    }

    /// `POST /runtime/invocation/{id}/response`.
    ///
    /// - Returns: the answer's status; nil without an answer.
    func respond(_ answer: [UInt8], to requestID: String) -> Int? {
        post("/invocation/\(requestID)/response", answer)
    }

    /// `POST /runtime/invocation/{id}/error`.
    func fail(type: String, message: String, for requestID: String) -> Int? {
        postError("/invocation/\(requestID)/error", type, message)
    }

    /// `POST /runtime/init/error`, once, before the process ends.
    func failInit(type: String, message: String) -> Int? {
        postError("/init/error", type, message)
    }

    private func postError(_ path: String, _ type: String, _ message: String) -> Int? {
        let body: JSON = ["errorMessage": .string(message), "errorType": .string(type), "stackTrace": []]
        return post(path, body.text, [Header.errorType: type])
    }

    private func post(_ path: String, _ body: [UInt8], _ headers: Headers = [:]) -> Int? {
        var headers = headers
        headers.add("Content-Type", "application/json")
        // Without a pause for "100 Continue", which libcurl would make before a large body.
        headers.add("Expect", "")
        let request = HTTPRequest(name: path, method: "POST", url: base + path, headers: headers, body: body)
        let timeouts = OutboundConnection.Timeouts(connectMilliseconds: 1000, wholeMilliseconds: 10_000)
        return try? connection.send(request, timeouts: timeouts).status
    }
}
