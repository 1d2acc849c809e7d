/// Work of an operator's that takes as long as it takes: each of its steps has an invocation of its own.
public struct LongWork: Sendable {
    /// For one step: a page, a transaction, a call to a partner.
    let step: @Sendable () -> Invocation
    private let hasTime: @Sendable () -> Bool
    /// Says how far it has come.
    let tell: @Sendable (_ text: String) -> Void

    /// Of tries, a quarter of a second apart: longer than a function may take for one invocation.
    private static let mostTries = 1200
    private static let pauseMilliseconds = 250

    /// - Parameter hasTime: whether there is time for another step.
    public init(
        step: @escaping @Sendable () -> Invocation, hasTime: @escaping @Sendable () -> Bool = { true },
        tell: @escaping @Sendable (_ text: String) -> Void = { _ in }
    ) {
        self.step = step
        self.hasTime = hasTime
        self.tell = tell
    }

    /// Before each step: what is done stands, and another run goes on.
    func checkTime() throws(FunctionError) {
        guard hasTime() else { throw .incomplete("The time is over before all is done") }
    }

    /// Tries again until it comes to something.
    ///
    /// - Parameter reason: why it does not: `Somebody else is at it`.
    func insist<Result>(
        _ reason: String, _ attempt: () throws(FunctionError) -> Result?
    ) throws(FunctionError) -> Result {
        for _ in 0..<Self.mostTries {
            try checkTime()
            if let result = try attempt() { return result }
            tell("\(reason): waiting")
            sleep(milliseconds: Self.pauseMilliseconds)
        }
        throw .incomplete(reason)
    }
}

extension FunctionError {
    public static let incompleteCode = "INCOMPLETE"

    /// It stopped before the end, and what is done stands.
    static func incomplete(_ reason: String) -> FunctionError {
        FunctionError(503, incompleteCode, "\(reason): run it again")
    }
}
