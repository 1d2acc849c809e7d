import PartnerCore

/// Why a command did not do what it was asked.
enum AdminError: Error, Sendable, Equatable {
    /// It was asked in a way that it does not understand.
    case usage(String)
    /// Settings are missing or wrong: one problem a line.
    case settings(String)
    /// What it was asked for is not there.
    case notFound(String)
    /// The store, a partner or a cloud did not do its part.
    case failed(FunctionError)
    /// It stopped before the end, and what it did stands: it has to be run again.
    case incomplete(String)
    /// Nobody takes the rows any more.
    case outputClosed
}

extension AdminError {
    /// The exit status of a command that was done, with rows that tell of something wrong.
    static let troubled: Int32 = 1

    /// The process's exit status, which `--help` lists.
    var exitStatus: Int32 {
        switch self {
        case .failed, .outputClosed: 1
        case .usage, .settings: 2
        case .notFound: 3
        case .incomplete: 4
        }
    }

    var code: String { functionError.code }

    /// For whoever runs the tool: with the detail that callers of a function would not be told.
    var message: String {
        switch self {
        case .failed(let error): error.detail.map { "\(error.message) (\($0))" } ?? error.message
        default: functionError.message
        }
    }

    /// What the Lambda form fails with.
    var functionError: FunctionError {
        switch self {
        case .usage(let message): FunctionError(400, "INVALID_COMMAND", message)
        case .settings(let message):
            FunctionError(500, "INVALID_CONFIGURATION", "Settings are missing or wrong: \(message)", isTransient: false)
        case .notFound(let message): FunctionError(404, "NOT_FOUND", message)
        case .failed(let error): error
        case .incomplete(let message): FunctionError(503, FunctionError.incompleteCode, message)
        case .outputClosed:
            FunctionError(
                500, "ANSWER_TOO_LARGE", "There is more than an answer holds: ask for less", isTransient: false)
        }
    }
}

/// Does what may fail in the store.
func keeping<Result>(_ work: () throws(StoreError) -> Result) throws(AdminError) -> Result {
    do throws(StoreError) { return try work() } catch { throw .failed(error.functionError) }
}

/// Does what may fail as a function's work may.
func working<Result>(_ work: () throws(FunctionError) -> Result) throws(AdminError) -> Result {
    do throws(FunctionError) { return try work() } catch {
        throw error.code == FunctionError.incompleteCode ? .incomplete(error.message) : .failed(error)
    }
}
