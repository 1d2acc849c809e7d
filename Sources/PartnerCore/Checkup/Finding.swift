/// What a look at one thing has found, and what to do about it. It names settings and no secrets.
public struct Finding: Sendable, Equatable {
    public enum State: String, Sendable {
        case ok
        /// It works, and somebody should see to it.
        case warn
        case fail
        /// The settings say nothing of it.
        case none
    }

    public let state: State
    /// What was looked at: `store`.
    public let what: String
    public let found: String
    /// A command, or a section of README.
    public let next: String?

    init(_ state: State, _ what: String, _ found: String, next: String? = nil) {
        self.state = state
        self.what = what
        self.found = found
        self.next = next
    }
}
