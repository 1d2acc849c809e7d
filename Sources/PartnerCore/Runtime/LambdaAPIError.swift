/// Why the Runtime API has not answered a call.
enum LambdaAPIError: Error, Equatable {
    case addressMalformed
    case couldNotConnect
    case timedOut
    /// The connection ended before any byte of the answer.
    case unanswered
    /// It ended within the answer.
    case answerCutOff
    case answerMalformed
    case answerTooLarge
    /// `/next` was answered with this status.
    case refused(Int)
    case requestIDMissing

    /// For the log.
    var description: String {
        switch self {
        case .addressMalformed: "AWS_LAMBDA_RUNTIME_API is no host:port"
        case .couldNotConnect: "no connection could be made"
        case .timedOut: "no answer came in time"
        case .unanswered: "the connection was closed without an answer"
        case .answerCutOff: "the answer was cut off"
        case .answerMalformed: "the answer is malformed"
        case .answerTooLarge: "the answer is too large"
        case .refused(let status): "the answer was \(status)"
        case .requestIDMissing: "the answer has no valid request id"
        }
    }
}
