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

    /// What every request says after its path.
    private let common: String
    private let getNext: [UInt8]
    private let connection: LambdaConnection

    /// - Parameter address: AWS_LAMBDA_RUNTIME_API, an ip:port.
    init(address: String) {
        connection = LambdaConnection(address: address)
        common = " HTTP/1.1\r\nHost: \(address)\r\nUser-Agent: partner-functions/\(version)\r\n"
        getNext = Array("GET \(Self.base)/invocation/next\(common)\r\n".utf8)
    }

    /// `GET /runtime/invocation/next`. Waits for ever: the process is frozen meanwhile.
    ///
    /// - Parameter whenIdle: is called when it does not come at once.
    ///
    /// An error means that the API does not hand out invocations any more, and the process has to end.
    func next(whenIdle: (() -> Void)? = nil) throws(LambdaAPIError) -> Next {
        let answer = try connection.exchange(getNext, waitsForEver: true, whenIdle: whenIdle)
        guard answer.status == 200 else { throw .refused(answer.status) }
        // It goes into the paths of the posts.
        guard let requestID = answer.headers[Header.requestID], !requestID.isEmpty,
            requestID.utf8.allSatisfy({ $0.isASCIIAlphanumeric || "-._~".utf8.contains($0) })
        else { throw .requestIDMissing }
        return Next(
            requestID: requestID, deadline: answer.headers[Header.deadline],
            traceID: answer.headers[Header.traceID], clientContext: answer.headers[Header.clientContext],
            event: answer.body)
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
        return post(path, body.text, "\(Header.errorType): \(type)\r\n")
    }

    /// In one piece, head and body.
    private func post(_ path: String, _ body: [UInt8], _ fields: String = "") -> Int? {
        var request = TextBuffer()
        for part in ["POST ", Self.base, path, common, fields, "Content-Type: application/json\r\nContent-Length: "] {
            request.append(part)
        }
        request.append(body.count)
        request.append("\r\n\r\n")
        body.withUnsafeBufferPointer { request.append($0) }
        return try? connection.exchange(request.bytes).status
    }

    private static let base = "/2018-06-01/runtime"
}
