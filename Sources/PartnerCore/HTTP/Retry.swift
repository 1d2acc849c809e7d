/// An error that knows whether another try is worth while.
protocol RetryableError: Error {
    var retry: Retry { get }
}

enum Retry {
    case never
    /// After a pause of our choosing, or of at least as many seconds as the other side asked for.
    case worthwhile(afterSeconds: Int? = nil)
}

/// Tries a few times, with a pause of full jitter between (0 to 100 ms, then 0 to 200 ms, and so on), as far as the
/// invocation's time allows. Only for what is idempotent. What nobody has asked for is tried once.
func retrying<Result, Failure: RetryableError>(
    in invocation: Invocation, tries: Int = 3, _ attempt: () throws(Failure) -> Result
) throws(Failure) -> Result {
    var longestPause = 100
    var triesLeft = tries
    while true {
        do throws(Failure) {
            return try attempt()
        } catch {
            triesLeft -= 1
            guard triesLeft > 0, !invocation.isPreparation, case .worthwhile(let seconds) = error.retry else {
                throw error
            }
            let pause = (seconds ?? 0).saturatingMultiplied(by: 1000)
                .saturatingAdding(randomNumber(upTo: longestPause))
            guard
                pause < invocation.deadline.remainingMilliseconds.saturatingSubtracting(HTTPClient.reservedMilliseconds)
            else { throw error }
            sleep(milliseconds: pause)
            invocation.addRetry()
            longestPause *= 2
        }
    }
}

private func randomNumber(upTo limit: Int) -> Int {
    randomRevision() % (limit + 1)
}
