extension HTTPServer {
    /// What is done about a request whose head has come: its body is empty still. Called by many threads at once.
    struct Intake: Sendable {
        let admit: @Sendable (_ head: Request, _ pause: @escaping Pause) -> Admission

        /// Answers what takes no time at all; nil for everything else.
        var atOnce: @Sendable (_ head: Request) -> Reply? = { _ in nil }

        /// Has a refusal take its time, in milliseconds: less of it where others need the room.
        typealias Pause = @Sendable (_ milliseconds: Int) -> Void

        /// Answers with the body; or, when that did not come as it should, with the reason.
        typealias Responder = @Sendable (Result<[UInt8], FunctionError>) -> Reply

        enum Admission: Sendable {
            /// It is answered without its body, which is not waited for.
            case reply(Reply)
            /// Its body is taken, up to so many bytes, and then it is answered.
            case body(atMost: Int, Responder)
        }

        func callAsFunction(_ head: Request, _ pause: @escaping Pause) -> Admission { admit(head, pause) }

        /// Takes every body up to a limit, and refuses in the server's own words.
        static func all(atMost limit: Int, _ handler: @escaping @Sendable (Request) -> Reply) -> Intake {
            Intake { head, _ in
                .body(atMost: limit) { body in
                    switch body {
                    case .success(let bytes): handler(head.bringing(bytes))
                    case .failure(let error): .response(error.response(requestID: randomID()))
                    }
                }
            }
        }
    }
}

extension HTTPServer.Reply {
    /// What is to be done even where the answer was not sent.
    var afterwards: (@Sendable () -> Void)? {
        switch self {
        case .response(_, let afterwards): afterwards
        case .reset, .close: nil
        }
    }
}
