import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// How a request goes out and its answer comes in. Whoever writes another must not follow redirects: the request holds
/// the token.
public protocol Transport: Sendable {
    func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse)
}

/// A session that keeps nothing (no cookies, no cache, no credentials) and follows no redirect.
public final class URLSessionTransport: Transport {
    private let session: URLSession
    private let deliveries = Deliveries()

    /// - Parameter timeout: seconds without a byte.
    public init(timeout: TimeInterval = 30) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        session = URLSession(configuration: configuration, delegate: deliveries, delegateQueue: nil)
    }

    deinit { session.finishTasksAndInvalidate() }

    public func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let task = session.dataTask(with: request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                deliveries.expect(task.taskIdentifier, continuation)
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }
}

/// Collects answers for those who wait. `URLSession.data(for:delegate:)` is not for us: on Linux it follows redirects
/// without asking the delegate.
private final class Deliveries: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    typealias Continuation = CheckedContinuation<(Data, HTTPURLResponse), any Error>

    private let lock = NSLock()
    /// By the task's identifier. Behind the lock.
    private var expected: [Int: (continuation: Continuation, body: Data)] = [:]

    func expect(_ task: Int, _ continuation: Continuation) {
        lock.withLock { expected[task] = (continuation, Data()) }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        lock.withLock { expected[dataTask.taskIdentifier]?.body.append(data) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let (continuation, body) = lock.withLock({ expected.removeValue(forKey: task.taskIdentifier) }) else {
            return
        }
        if let response = task.response as? HTTPURLResponse, error == nil {
            continuation.resume(returning: (body, response))
        } else {
            continuation.resume(throwing: error ?? URLError(.badServerResponse))
        }
    }
}
