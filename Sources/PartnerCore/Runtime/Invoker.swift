/// Takes an event's bytes to the answer's bytes: decodes, lets the function do its work, encodes. The same for every
/// protocol that carries events.
struct Invoker<F: Function>: Sendable {
    let function: F
    let authenticator: Authenticator
    let basePath: BasePath

    /// Reads the function's settings, and how its callers are known.
    init(reading settings: inout SettingsReader, hasGateway: Bool = true) {
        function = F(reading: &settings)
        authenticator = Authenticator(reading: &settings, for: function.routes, hasGateway: hasGateway)
        basePath = BasePath(reading: &settings, before: function.routes)
    }

    enum Outcome: Sendable {
        case answer([UInt8])
        case failure(Failure)
    }

    /// An invocation without an answer: the event cannot be decoded, or a message was refused.
    struct Failure: Sendable {
        let type: String
        let message: String

        var json: JSON { ["errorType": .string(type), "errorMessage": .string(message)] }
    }

    /// Lambda's limit, 6 MiB and 100 bytes; the other protocols keep to it too.
    private static var largestAnswer: Int { 6_291_556 }
    /// SQS hands over 10 messages at most by default; a larger batch is worked off by as many threads.
    private static var batchThreads: Int { 10 }
    /// Seconds after which a queue hands a message over again anyway, more or less.
    private static var usualWait: Int { 180 }

    func invoke(_ event: [UInt8], in invocation: Invocation) -> Outcome {
        let decoded: Event
        do throws(EventError) {
            let json: JSON
            do throws(JSONError) { json = try JSON.parse(event) } catch { throw .notJSON(error) }
            decoded = try Event(decoding: json, for: F.about)
        } catch {
            let failure = Failure(type: "Runtime.InvalidEvent", message: error.description)
            invocation.log.write(
                .error, "event not understood", requestID: invocation.requestID,
                [
                    JSON.Member("errorType", .string(failure.type)),
                    JSON.Member("errorMessage", .string(failure.message)),
                ]
            )
            return .failure(failure)
        }
        switch decoded {
        case .http(let event): return .answer(answer(event, in: invocation))
        case .batch(let messages): return .answer(process(messages, in: invocation))
        case .input(let input, let origin):
            return process([input], from: origin ?? Origin(.direct, id: invocation.requestID), in: invocation) { $0[0] }
        case .inputs(let inputs):
            return process(inputs, from: Origin(.pipe, id: invocation.requestID), in: invocation) { .array($0) }
        }
    }

    private func answer(_ event: HTTPEvent, in invocation: Invocation) -> [UInt8] {
        var response: Response
        switch event.request {
        case .success(let request):
            response = function.respond(
                to: basePath.within(request), in: invocation, identify: authenticator.caller)
        case .failure(let error): response = refused(error, in: invocation)
        }
        var answer = event.encode(response).text
        if answer.count > Self.largestAnswer {
            response = refused(function.answerTooLarge, in: invocation)
            answer = event.encode(response).text
        }
        invocation.conclude("answered", status: response.status)
        return answer
    }

    private func refused(_ error: FunctionError, in invocation: Invocation) -> Response {
        invocation.report(error)
        return error.response(requestID: invocation.requestID)
    }

    /// Every message on its own: those that failed go back to the queue, and after its retries to the dead letters. In
    /// a group that has an order, messages after a failure go back without being looked at.
    private func process(_ messages: [Message], in invocation: Invocation) -> [UInt8] {
        let lines = Message.lines(messages)
        let failed = Lock([Bool](repeating: false, count: messages.count))
        let postponed = Lock([(index: Int, seconds: Int)]())
        concurrently(lines.count, atMost: Self.batchThreads) { line in
            var isHeldUp = false
            for index in lines[line] {
                if !isHeldUp, let error = failure(of: messages[index], in: invocation) {
                    isHeldUp = true
                    if let seconds = error.retryAfter, seconds > Self.usualWait {
                        postponed.withLock { $0.append((index, seconds)) }
                    }
                }
                if isHeldUp { failed.withLock { $0[index] = true } }
            }
        }
        postpone(postponed.withLock { $0 }.map { (messages[$0.index], $0.seconds) }, in: invocation)
        let failures = failed.withLock { failed in messages.indices.filter { failed[$0] }.map { messages[$0].id } }
        invocation.note("messages", .integer(messages.count))
        invocation.note("failed", .integer(failures.count))
        invocation.count("Messages", by: messages.count)
        invocation.count("FailedMessages", by: failures.count)
        invocation.conclude("processed")
        return Event.batchAnswer(failures: failures).text
    }

    /// - Returns: nil when it succeeded.
    private func failure(of message: Message, in invocation: Invocation) -> FunctionError? {
        do throws(FunctionError) {
            let input: JSON
            do throws(JSONError) { input = try JSON.parse(Array(message.body.utf8)) } catch {
                throw .invalid("INVALID_JSON", "The message is no valid JSON: \(error.description)")
            }
            _ = try function.process(Envelope.open(input, for: F.about), from: message.origin, in: invocation)
            return nil
        } catch {
            invocation.report(error, about: message.id)
            return error
        }
    }

    /// After all else: a queue that does not answer takes no message's time.
    private func postpone(_ waits: [(message: Message, seconds: Int)], in invocation: Invocation) {
        guard !waits.isEmpty else { return }
        concurrently(waits.count, atMost: Self.batchThreads) { index in
            function.postpone(waits[index].message, seconds: waits[index].seconds, in: invocation)
        }
    }

    /// All of them succeed, or the invocation fails and comes again with all of them.
    private func process(
        _ inputs: [JSON], from origin: Origin, in invocation: Invocation, encode: ([JSON]) -> JSON
    ) -> Outcome {
        let results = Lock([Result<JSON, FunctionError>?](repeating: nil, count: inputs.count))
        concurrently(inputs.count, atMost: Self.batchThreads) { index in
            let result: Result<JSON, FunctionError>
            do throws(FunctionError) {
                let input = try Envelope.open(inputs[index], for: F.about)
                result = .success(try function.process(input, from: origin, in: invocation))
            } catch {
                invocation.report(error)
                result = .failure(error)
            }
            results.withLock { $0[index] = result }
        }
        do throws(FunctionError) {
            var answers: [JSON] = []
            for result in results.withLock({ $0 }) { answers.append(try result?.get() ?? .null) }
            let answer = encode(answers).text
            guard answer.count <= Self.largestAnswer else {
                invocation.report(function.answerTooLarge)
                throw function.answerTooLarge
            }
            invocation.conclude("processed")
            return .answer(answer)
        } catch {
            invocation.conclude("failed", status: error.status)
            return .failure(
                Failure(
                    type: error.isTransient ? "Function.TransientFailure" : "Function.PermanentFailure",
                    message: "\(error.code): \(error.message)"))
        }
    }
}
