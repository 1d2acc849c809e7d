/// What can go wrong with a call to Ownli.
public enum OwnliError: Error, Sendable, Equatable {
    /// The token endpoint did not take our client id, secret or partner id.
    case credentialsRejected(status: Int)
    /// A call was answered 401 although its token was fresh.
    case tokenRejected
    /// A business rule or a mistake in the request: asking again changes nothing. The code is one of Ownli's, or nil.
    case refused(status: Int, code: KnownCode?)
    /// 429 or 503, with its Retry-After in seconds.
    case busy(retryAfter: Int?)
    /// Another 5xx, without a business code.
    case failing(status: Int)
    case unreachable(HTTPError)
    /// A success that is not what the reference promises. The text says what is missing, never what came.
    case unexpectedAnswer(String)
    /// Somebody else was already asking for the token, and it did not come in our time.
    case tokenNotInTime

    /// The codes of Ownli's reference. Only these are ever passed on: an upstream's words are not ours to repeat.
    public enum KnownCode: String, Sendable, CaseIterable {
        case insufficientScope = "INSUFFICIENT_SCOPE"
        case noPermission = "ERROR_NO_PERMISSIONS_TO_RESOURCE"
        case userNotFound = "ERROR_USER_NOT_FOUND"
        case invalidParameters = "ERROR_INVALID_PARAMETERS"
        case invalidStateCode = "ERROR_INVALID_STATE_CODE"
        case rewardConflict = "ERROR_REWARD_CONFLICT"
        case minimumRewardNotMet = "ERROR_MINIMUM_REWARD_THRESHOLD_NOT_MET"
        case noConfirmedRewards = "ERROR_NO_CONFIRMED_REWARDS"
        case claimingRewards = "ERROR_CLAIMING_REWARDS"
    }
}

extension OwnliError {
    /// What was asked for contradicts what is there already.
    var isConflict: Bool {
        if case .refused(status: 409, code: _) = self { true } else { false }
    }
}

extension OwnliError {
    /// Whether what was asked for may have been done all the same.
    var mayHaveHadEffect: Bool {
        switch self {
        case .unreachable(.hostNotFound), .unreachable(.couldNotConnect), .unreachable(.notTrusted): false
        case .unreachable, .busy, .failing, .unexpectedAnswer: true
        case .credentialsRejected, .tokenRejected, .refused, .tokenNotInTime: false
        }
    }

    /// Whether Ownli itself has looked at what was asked for and said no. Then no earlier try has done it either. A
    /// firewall or a proxy on the way may refuse too, but it knows none of Ownli's codes, and nothing of earlier tries.
    public var isRefusal: Bool {
        if case .refused(status: _, code: .some) = self { true } else { false }
    }
}

extension OwnliError: TokenFailure {}

extension OwnliError: RetryableError {
    var retry: Retry {
        switch self {
        case .busy(let retryAfter): .worthwhile(afterSeconds: retryAfter)
        case .failing: .worthwhile()
        case .unreachable(.notTrusted), .unreachable(.answerTooLarge), .unreachable(.failed): .never
        case .unreachable: .worthwhile()
        case .credentialsRejected, .tokenRejected, .refused, .unexpectedAnswer, .tokenNotInTime: .never
        }
    }
}

extension OwnliError {
    /// What callers get to see.
    public var functionError: FunctionError {
        switch self {
        case .credentialsRejected(let status):
            return .rejectedCredentials("the token endpoint answered \(status)")
        case .tokenRejected:
            return .rejectedCredentials("a fresh token was answered 401")
        case .refused(403, .insufficientScope):
            return .rejectedCredentials("the token's scope was not enough")
        case .refused(let status, let code?) where status < 500:
            return FunctionError(status, code.rawValue, "Ownli refused this: \(code.meaning)")
        case .refused(let status, let code):
            return .upstream("answered \(status)\(code.map { " " + $0.rawValue } ?? "")", isTransient: false)
        case .busy(let retryAfter):
            return FunctionError(
                503, "UPSTREAM_BUSY", "Ownli is busy: try again later", retryAfter: retryAfter ?? 1)
        case .failing(let status): return .upstream("answered \(status)")
        case .unreachable(.timedOut), .tokenNotInTime:
            return FunctionError(504, "UPSTREAM_TIMEOUT", "Ownli did not answer in time")
        case .unreachable(let error): return .upstream(error.description)
        case .unexpectedAnswer(let what): return .upstream("unexpected answer: \(what)")
        }
    }
}

extension OwnliError {
    /// What callers get to see of a claim. There is too little to claim, or nothing, for which Ownli's status is 500: it is
    /// the caller's to know.
    var claimError: FunctionError {
        switch self {
        case .refused(_, let code?) where code == .noConfirmedRewards || code == .minimumRewardNotMet:
            FunctionError(409, code.rawValue, "Ownli refused this: \(code.meaning)")
        default: functionError
        }
    }
}

extension OwnliError.KnownCode {
    fileprivate var meaning: String {
        switch self {
        case .insufficientScope: "the token's scope is not enough"
        case .noPermission: "no permission for this resource"
        case .userNotFound: "there is no such user"
        case .invalidParameters: "the parameters are invalid"
        case .invalidStateCode: "the state is not a US state"
        case .rewardConflict: "this reference was granted with another user or amount"
        case .minimumRewardNotMet: "the minimum for a reward is not reached"
        case .noConfirmedRewards: "there are no confirmed rewards"
        case .claimingRewards: "the rewards cannot be claimed"
        }
    }
}

extension FunctionError {
    fileprivate static func rejectedCredentials(_ detail: String) -> FunctionError {
        FunctionError(
            502, "UPSTREAM_REJECTED_CREDENTIALS", "Ownli did not accept this service's credentials", detail: detail)
    }

    fileprivate static func upstream(_ detail: String, isTransient: Bool = true) -> FunctionError {
        FunctionError(
            502, "UPSTREAM_ERROR", "Ownli could not be used for this", detail: detail, isTransient: isTransient)
    }
}
