import PartnerCore

/// How far long work has come: a line now and then, not one for each step.
final class Progress: Sendable {
    private let write: @Sendable (String) -> Void
    private let last = Lock(Instant.now())

    init(write: @escaping @Sendable (String) -> Void) { self.write = write }

    /// - Parameter text: what has been done so far: "1200 lines".
    func tell(_ text: @autoclosure () -> String) {
        let isDue = last.withLock { last in
            guard last.elapsedMicroseconds > 2_000_000 else { return false }
            last = .now()
            return true
        }
        if isDue { write(text()) }
    }
}
