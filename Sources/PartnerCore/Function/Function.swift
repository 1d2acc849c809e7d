/// A serverless function: what it is called, the settings it needs, what it answers. It knows no cloud and no transport.
public protocol Function: Sendable {
    static var about: About { get }

    /// Reads the settings and sets up what the function holds on to. Problems are collected by the reader, so that all
    /// of them are told at once; with a problem the function is never used.
    init(reading settings: inout SettingsReader)

    var routes: [Route] { get }

    /// Handles one message of a queue, an event's detail, or the input of a direct invocation.
    func process(_ input: JSON, from origin: Origin, in invocation: Invocation) throws(FunctionError) -> JSON

    /// Makes a message that failed wait in its queue for so many seconds, if the queue can do that. It comes back in
    /// any case.
    func postpone(_ message: Message, seconds: Int, in invocation: Invocation)

    /// What a caller is told in place of an answer that is larger than the platform takes.
    var answerTooLarge: FunctionError { get }

    /// What `--check` tries, beyond the settings: each a harmless call to the outside.
    var probes: [Probe] { get }

    /// What the first request will need of the outside: connections, tokens. They are made ready, all at once, while
    /// nothing has come yet.
    var preparations: [Preparation] { get }
}

/// Makes something ready before it is needed. Nobody is told if it fails: whoever needs it does what was not done.
public typealias Preparation = @Sendable (Invocation) -> Void

/// What a function is called and what it can be invoked with.
public struct About: Sendable {
    /// As in `dist/<architecture>/<name>/bootstrap`.
    public let name: String
    public let summary: String
    /// A direct invocation's input has one of these members at least, which tells it from a stray event. None when the
    /// function takes HTTP requests only.
    public let directInputHas: [String]

    public init(name: String, summary: String, directInputHas: [String] = []) {
        self.name = name
        self.summary = summary
        self.directInputHas = directInputHas
    }

    var takesDirectInput: Bool { !directInputHas.isEmpty }

    /// The member by which this is known as a direct invocation's input.
    func memberOfDirectInput(_ json: JSON) -> String? { directInputHas.first { json[$0] != nil } }
}

public struct Probe: Sendable {
    public let what: String
    public let run: @Sendable (Invocation) throws(FunctionError) -> Void

    public init(_ what: String, _ run: @escaping @Sendable (Invocation) throws(FunctionError) -> Void) {
        self.what = what
        self.run = run
    }
}

extension Function {
    public var answerTooLarge: FunctionError {
        FunctionError(500, "ANSWER_TOO_LARGE", "The answer is larger than the platform takes", isTransient: false)
    }

    public var preparations: [Preparation] { [] }

    public func postpone(_ message: Message, seconds: Int, in invocation: Invocation) {}

    public func process(_ input: JSON, from origin: Origin, in invocation: Invocation) throws(FunctionError) -> JSON {
        throw FunctionError(400, "INVALID_EVENT", "\(Self.about.name) answers HTTP requests only")
    }
}
