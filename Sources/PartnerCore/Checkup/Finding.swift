/// What a look at one thing has found, and what to do about it. It names settings and no secrets.
public struct Finding: Sendable, Equatable {
    /// The worst first, as they are told.
    public enum State: String, Sendable, CaseIterable {
        case fail
        /// It works, and somebody should see to it.
        case warn
        case ok
        /// There is nothing to look at: the settings say nothing of it, say.
        case leftOut = "left-out"
    }

    public let state: State
    /// What was looked at: `store`.
    public let what: String
    public let found: String
    /// A command, or what else there is to do.
    public let next: String?

    init(_ state: State, _ what: String, _ found: String, next: String? = nil) {
        self.state = state
        self.what = what
        self.found = found
        self.next = next
    }
}

extension Timestamp {
    /// How long ago it was, in one unit: `5 min`, `3 h`, `12 days`.
    var age: String {
        let minutes = max(0, Timestamp.now().milliseconds(since: self) / 60_000)
        if minutes < 120 { return "\(minutes) min" }
        return minutes < 48 * 60 ? "\(minutes / 60) h" : "\(minutes / 1440) days"
    }
}
