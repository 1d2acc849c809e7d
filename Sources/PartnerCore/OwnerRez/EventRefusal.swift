/// Why an event could not be passed on. No text holds any of it.
enum EventRefusal: Sendable, Equatable {
    /// It is not taken for what it is: too large, say. The next one may be.
    case ofThisEvent(String)
    /// Nothing is taken at the moment: no permission, no queue, no connection. With the seconds for which the target asks
    /// to be left alone, if it does.
    case ofAnyEvent(String, retryAfter: Int? = nil)
    /// What has to be done first cannot be done now.
    case unsettled(String)
}

extension EventRefusal {
    var reason: String {
        switch self {
        case .ofThisEvent(let reason), .ofAnyEvent(let reason, _), .unsettled(let reason): reason
        }
    }

    /// After how many attempts an event is given up. With the pauses between them, eight take two hours, in which the
    /// entity's later events wait, and eighty take three days, in which somebody may mend the target.
    var mostAttempts: Int {
        switch self {
        case .ofThisEvent: 8
        case .ofAnyEvent, .unsettled: 80
        }
    }

    /// Minutes until the next attempt: 1, 2, 4, and so on up to an hour.
    static func pauseMinutes(afterAttempts attempts: Int) -> Int { attempts > 6 ? 60 : 1 << (attempts - 1) }

    /// Seconds until the next attempt: these minutes, or longer where the target asks for it, up to an hour.
    func pauseSeconds(afterAttempts attempts: Int) -> Int {
        let seconds = Self.pauseMinutes(afterAttempts: attempts) * 60
        guard case .ofAnyEvent(_, let retryAfter?) = self else { return seconds }
        return max(seconds, min(retryAfter, 3600))
    }

    /// SQS's and EventBridge's words for what is wrong with the event itself.
    private static let eventCodes = [
        "InvalidMessageContents", "InvalidParameterValue", "InvalidParameterValueException", "ValidationException",
        "MalformedDetail", "InvalidArgument", "RequestEntityTooLarge", "RequestEntityTooLargeException",
    ]

    init(_ error: AWSError, calling name: String) {
        let reason = "\(name): \(error.description)"
        if case .refused(let code) = error, Self.eventCodes.contains(code) {
            self = .ofThisEvent(reason)
        } else {
            self = .ofAnyEvent(reason)
        }
    }

    init(_ error: GoogleError, calling name: String) {
        let reason = "\(name): \(error.description)"
        self = error == .refused(status: "INVALID_ARGUMENT") ? .ofThisEvent(reason) : .ofAnyEvent(reason)
    }
}
