/// A server of the company's that events are posted to, signed as Standard Webhooks has it.
public struct EventReceiver: Sendable {
    /// A receiver may work before it answers: the specification has a sender wait 15 to 30 s.
    private static let longestCallMilliseconds = 15_000
    /// What is kept of an invocation's time to store what became of the event.
    private static let reservedMilliseconds = 2_000

    /// An answer up to so many bytes is read, and passed over, so that the connection can be kept.
    private static let largestAnswer = 65_536

    private let url: String
    private let signer: EventSigner
    private let http: HTTPClient

    init(url: String, reading settings: inout SettingsReader) {
        self.url = url
        signer = EventSigner(reading: &settings)
        http = HTTPClient(reading: &settings, largestAnswer: Self.largestAnswer)
    }

    /// `https://events.example.com/ownerrez`, to the byte: a slash at its end is another path.
    static func isURL(_ text: String) -> Bool {
        (text.hasPrefix("https://") || text.hasPrefix("http://")) && BaseURL(text) != nil
    }

    func post(_ event: OutgoingEvent, in invocation: Invocation) -> EventRefusal? {
        let body = Array(event.text.utf8)
        do throws(ReceiverError) {
            try retrying(in: invocation) { () throws(ReceiverError) in
                let secrets = signer.secrets
                do throws(ReceiverError) { try post(event, body, signedWith: secrets, in: invocation) } catch {
                    // Another secret may have taken its place where it is kept.
                    guard error.mayBeOfSignature, let renewed = signer.renewed(insteadOf: secrets, in: invocation)
                    else { throw error }
                    try post(event, body, signedWith: renewed, in: invocation)
                }
            }
            return nil
        } catch {
            return error.refusal
        }
    }

    /// The path may be known to the receiver alone, so that no log has it, and nothing of the answer but its status.
    private func post(
        _ event: OutgoingEvent, _ body: [UInt8], signedWith secrets: [Secret], in invocation: Invocation
    ) throws(ReceiverError) {
        guard var headers = EventSigner.headers(id: event.waiting.arrival, at: .now(), body, signedWith: secrets) else {
            throw .unsigned
        }
        headers.add("Content-Type", "application/json")
        let left = invocation.deadline.remainingMilliseconds.saturatingSubtracting(Self.reservedMilliseconds)
        guard left > 0 else { throw .unreachable(.timedOut) }
        let request = HTTPRequest(
            name: "receiver POST", method: "POST", url: url, headers: headers, body: body,
            longestMilliseconds: min(Self.longestCallMilliseconds, left), statusSuffices: true)
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch { throw .unreachable(error) }
        guard !(200..<300).contains(response.status) else { return }
        throw .answered(response.status, retryAfter: response.retryAfter)
    }
}

/// Why a receiver did not take an event.
enum ReceiverError: Error, Sendable, Equatable {
    /// With its `Retry-After` in seconds.
    case answered(Int, retryAfter: Int?)
    case unreachable(HTTPError)
    /// What is kept in the secret's place now is no secret of this kind.
    case unsigned
}

extension ReceiverError: RetryableError {
    /// Of a pause that a receiver asks for, what is waited at once. A longer one is the entity's.
    private static let longestPauseSeconds = 2

    var retry: Retry {
        switch self {
        case .answered(429, let seconds?), .answered(500..., let seconds?):
            seconds <= Self.longestPauseSeconds ? .worthwhile(afterSeconds: seconds) : .never
        case .answered(429, nil), .answered(500..., nil): .worthwhile()
        case .answered, .unsigned: .never
        // Whoever was too slow would be so again, and the other events' time would be over.
        case .unreachable(.timedOut), .unreachable(.notTrusted), .unreachable(.answerTooLarge), .unreachable(.failed):
            .never
        case .unreachable: .worthwhile()
        }
    }
}

extension ReceiverError {
    /// What a receiver that verifies signatures answers to a wrong one.
    fileprivate var mayBeOfSignature: Bool {
        switch self {
        case .answered(400, _), .answered(401, _), .answered(403, _), .unsigned: true
        case .answered, .unreachable: false
        }
    }

    var refusal: EventRefusal {
        switch self {
        case .unsigned: .ofAnyEvent("what is kept as EVENTS_SIGNING_SECRET is none of Standard Webhooks'")
        case .unreachable(let error): .ofAnyEvent("the receiver: \(error.description)")
        case .answered(let status, let retryAfter):
            switch status {
            case 400, 413, 415, 422: .ofThisEvent("the receiver answered \(status)")
            case 300..<400: .ofAnyEvent("the receiver answered \(status), a redirect, which is not followed")
            case 410: .ofAnyEvent("the receiver answered 410: it wants no more events", retryAfter: retryAfter)
            default: .ofAnyEvent("the receiver answered \(status)", retryAfter: retryAfter)
            }
        }
    }
}
