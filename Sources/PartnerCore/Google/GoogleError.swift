/// What can go wrong with a call to Google Cloud. Of Google's own words only the status is kept: `FAILED_PRECONDITION`.
enum GoogleError: Error, Sendable, Equatable {
    /// Too much was asked for in too short a time. Nothing was done.
    case throttled
    /// Somebody else was at the same data. Nothing was done.
    case contended(status: String)
    /// What was demanded of the data does not hold.
    case conditionFailed(status: String)
    /// The service account may not do this.
    case accessDenied
    /// The access token was not taken, though it was fresh.
    case tokenRejected
    /// There is no such database, topic or document.
    case notFound
    case unreachable(HTTPError)
    /// A 5xx: what was asked for may have been done.
    case failing(status: Int)
    /// A success that is not what the reference promises. The text says what is missing, never what came.
    case unexpectedAnswer(String)
    /// Anything else, which asking again does not change.
    case refused(status: String)
    /// An earlier try was not answered, and what is there now does not tell whether it was done.
    case answerLost
    /// The metadata server could not be asked for an access token.
    case metadataUnreachable(HTTPError)
    /// It gave none: 404 where the service has no service account.
    case noToken(status: Int)
    /// Somebody else was already asking for the token, and it did not come in our time.
    case tokenNotInTime
}

extension GoogleError {
    /// From an answer that is no success: `{"error":{"code":409,"status":"ABORTED","message":".."}}`, in an array where
    /// the answer would have been one.
    init(_ response: HTTPResponse) {
        let body = try? JSON.parse(response.body, duplicates: .lastWins)
        self.init((body?.array?.first ?? body)?["error"], status: response.status)
    }

    /// From an `error`, which may come in the midst of an answer too.
    init(_ error: JSON?, status: Int) {
        let word = error?["status"]?.string.flatMap { Self.checked($0) } ?? "status \(status)"
        self =
            switch word {
            case "RESOURCE_EXHAUSTED": .throttled
            case "ABORTED": .contended(status: word)
            case "ALREADY_EXISTS", "FAILED_PRECONDITION": .conditionFailed(status: word)
            case "PERMISSION_DENIED": .accessDenied
            case "UNAUTHENTICATED": .tokenRejected
            case "NOT_FOUND": .notFound
            case "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "UNKNOWN", "CANCELLED":
                .failing(status: max(500, status))
            default:
                switch status {
                case 401: .tokenRejected
                case 403: .accessDenied
                case 429: .throttled
                case 500...: .failing(status: status)
                default: .refused(status: word)
                }
            }
    }

    /// A status is one word; anything else may be somebody's data.
    private static func checked(_ word: String) -> String? {
        let isWord = word.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == 0x5f }
        return isWord && (1...32).contains(word.utf8.count) ? word : nil
    }
}

extension GoogleError: TokenFailure {}

extension GoogleError: RetryableError {
    var retry: Retry {
        switch self {
        case .throttled, .contended, .failing: .worthwhile()
        case .unreachable(let error), .metadataUnreachable(let error):
            switch error {
            case .notTrusted, .answerTooLarge, .failed: .never
            case .hostNotFound, .namesNotAnswered, .couldNotConnect, .timedOut, .connectionLost: .worthwhile()
            }
        case .noToken(let status): status == 429 || status >= 500 ? .worthwhile() : .never
        case .conditionFailed, .accessDenied, .tokenRejected, .notFound, .unexpectedAnswer, .refused, .answerLost,
            .tokenNotInTime:
            .never
        }
    }

    /// Whether what was asked for may have been done all the same.
    var leavesDoubt: Bool {
        switch self {
        case .failing, .unreachable(.timedOut), .unreachable(.connectionLost), .unexpectedAnswer: true
        default: false
        }
    }
}

extension GoogleError {
    /// For the log and for whoever sets the function up.
    var description: String {
        switch self {
        case .throttled: "too many requests (RESOURCE_EXHAUSTED)"
        case .contended(let status): "others were at the same data (\(status))"
        case .conditionFailed(let status): "a condition did not hold (\(status))"
        case .accessDenied: "the service account may not do this (PERMISSION_DENIED)"
        case .tokenRejected: "the access token was not accepted (UNAUTHENTICATED)"
        case .notFound: "what was asked for does not exist (NOT_FOUND)"
        case .unreachable(let error): error.description
        case .failing(let status): "status \(status)"
        case .unexpectedAnswer(let what): "unexpected answer: \(what)"
        case .refused(let status): "the request was refused (\(status))"
        case .answerLost: "the answer to a write was lost"
        case .metadataUnreachable(let error): "no access token: the metadata server: \(error.description)"
        case .noToken(let status): "no access token: the metadata server answered with status \(status)"
        case .tokenNotInTime: "no access token: it did not come in time"
        }
    }
}
