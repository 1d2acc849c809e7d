/// What can go wrong with a call to AWS. Of AWS's own words only the error's code is kept.
enum AWSError: Error, Sendable, Equatable {
    /// Too much was asked for in too short a time. Nothing was done.
    case throttled(code: String)
    /// Another transaction was at one of the items. Nothing was done by this call.
    case transactionConflict
    /// The transaction with this token is being done by an earlier call.
    case transactionInProgress
    case conditionFailed
    /// Why, as one code for each item of the transaction; `None` for those that were not to blame.
    case transactionCancelled(reasons: [String])
    /// The credentials are good, but do not allow this.
    case accessDenied(code: String)
    /// The credentials are not known, or the signature made with them does not fit.
    case credentialsRejected(code: String)
    /// The request was signed for another time than AWS's.
    case clockSkewed(code: String)
    /// The temporary credentials' time is over.
    case tokenExpired(code: String)
    /// There is no such table, queue, secret or bus.
    case notFound(code: String)
    case unreachable(HTTPError)
    /// Somebody else was already asking for credentials, and they did not come in our time.
    case tokenNotInTime
    /// A 5xx: what was asked for may have been done.
    case failing(status: Int)
    /// A success that is not what the reference promises. The text says what is missing, never what came.
    case unexpectedAnswer(String)
    /// Anything else, which asking again does not change.
    case refused(code: String)
}

extension AWSError {
    /// From an answer that is no success: `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException",..}`.
    init(_ response: HTTPResponse) {
        let body = try? JSON.parse(response.body, duplicates: .lastWins)
        self.init(
            code: body?["__type"]?.string ?? body?["code"]?.string, status: response.status,
            reasons: Self.reasons(body))
        // One code for a wrong key and for a wrong time: only the words tell.
        let words = (body?["message"] ?? body?["Message"])?.string?.utf8
        if case .credentialsRejected(let code) = self, let words,
            ["Signature expired", "Signature not yet current"].contains(where: { words.starts(with: $0.utf8) })
        {
            self = .clockSkewed(code: code)
        }
    }

    /// From an error's code, in a list of what became of several things too.
    init(code: String?, status: Int, reasons: [String] = []) {
        let code = code?.split(separator: "#").last.flatMap { Self.checked(String($0)) } ?? "status \(status)"
        self =
            switch code {
            case "ThrottlingException", "Throttling", "ProvisionedThroughputExceededException", "RequestThrottled",
                "RequestLimitExceeded", "TooManyRequestsException", "LimitExceededException":
                .throttled(code: code)
            case "TransactionConflictException": .transactionConflict
            case "TransactionInProgressException": .transactionInProgress
            case "ConditionalCheckFailedException": .conditionFailed
            case "TransactionCanceledException": .transactionCancelled(reasons: reasons)
            case "AccessDeniedException", "AccessDenied", "NotAuthorized", "KMSAccessDeniedException":
                .accessDenied(code: code)
            case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
                "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException", "InvalidAccessKeyId",
                "MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure":
                .credentialsRejected(code: code)
            case "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture": .clockSkewed(code: code)
            case "ExpiredTokenException", "ExpiredToken": .tokenExpired(code: code)
            case "ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue":
                .notFound(code: code)
            case "InternalFailure", "InternalException": .failing(status: max(500, status))
            default:
                switch status {
                case 401: .credentialsRejected(code: code)
                case 403: .accessDenied(code: code)
                case 429: .throttled(code: code)
                case 500...: .failing(status: status)
                default: .refused(code: code)
                }
            }
    }

    private static func reasons(_ body: JSON?) -> [String] {
        (body?["CancellationReasons"]?.array ?? []).map { $0["Code"]?.string.flatMap { checked($0) } ?? "None" }
    }

    /// A code is one word; anything else may be somebody's data.
    private static func checked(_ code: String) -> String? {
        guard (1...64).contains(code.utf8.count), code.utf8.allSatisfy(isOfCode) else { return nil }
        return code
    }
}

private func isOfCode(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."): true
    default: false
    }
}

extension AWSError: TokenFailure {}

extension AWSError: RetryableError {
    var retry: Retry {
        switch self {
        case .throttled, .transactionConflict, .transactionInProgress, .failing: .worthwhile()
        // If others merely stood in its way, nothing was wrong with the transaction itself.
        case .transactionCancelled(let reasons): reasons.allSatisfy(isPassing) ? .worthwhile() : .never
        case .unreachable(.notTrusted), .unreachable(.answerTooLarge), .unreachable(.failed): .never
        case .unreachable: .worthwhile()
        case .conditionFailed, .accessDenied, .credentialsRejected, .clockSkewed, .tokenExpired, .notFound,
            .unexpectedAnswer, .tokenNotInTime, .refused:
            .never
        }
    }
}

private func isPassing(_ reason: String) -> Bool {
    ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"].contains(reason)
}

extension AWSError {
    /// For the log and for whoever sets the function up.
    var description: String {
        switch self {
        case .throttled(let code): "too many requests (\(code))"
        case .transactionConflict: "another transaction was in the way (TransactionConflictException)"
        case .transactionInProgress: "the transaction is still in progress (TransactionInProgressException)"
        case .conditionFailed: "a condition did not hold (ConditionalCheckFailedException)"
        case .transactionCancelled(let reasons):
            "the transaction was cancelled (\(reasons.filter { $0 != "None" }.joined(separator: ", ")))"
        case .accessDenied(let code): "the credentials do not allow this (\(code))"
        case .credentialsRejected(let code): "the credentials were not accepted (\(code))"
        case .clockSkewed(let code): "this machine's clock is wrong (\(code))"
        case .tokenNotInTime: "no credentials: they did not come in time"
        case .tokenExpired(let code): "the session token has expired (\(code))"
        case .notFound(let code): "what was asked for does not exist (\(code))"
        case .unreachable(let error): error.description
        case .failing(let status): "status \(status)"
        case .unexpectedAnswer(let what): "unexpected answer: \(what)"
        case .refused(let code): "the request was refused (\(code))"
        }
    }
}
