import CSystem
import Foundation
import PartnerCore

/// Sends OwnerRez's webhooks to the address of the app's settings, or to a subscription's: HTTP Basic as the settings
/// have it, an answer within two seconds, up to ten tries. The pauses are the real ones' made short.
final class WebhookSender: Sendable {
    struct Target: Sendable {
        let url: String
        let user: String
        let password: String
        /// How long an answer may take: OwnerRez waits for two seconds.
        let answerMilliseconds: Int

        func moved(to url: String?) -> Target {
            Target(url: url ?? self.url, user: user, password: password, answerMilliseconds: answerMilliseconds)
        }
    }

    /// One try.
    struct Delivery: Sendable {
        let event: Int
        let attempt: Int
        /// The status, or why there was none.
        let outcome: String
        let milliseconds: Int

        var json: JSON {
            [
                "event": .integer(event), "attempt": .integer(attempt), "outcome": .string(outcome),
                "milliseconds": .integer(milliseconds),
            ]
        }
    }

    /// An event on its way.
    private struct Event: Sendable {
        let number: Int
        /// Nil for the settings' address.
        let url: String?
        let body: [UInt8]
        let reset: Int
    }

    private struct State: Sendable {
        /// Counts the resets. Events from before the last reset are not sent any more.
        var reset = 0
        var target: Target?
        var deliveries: [Delivery] = []
        var eventsSoFar = 0
        var waiting = 0
        /// Addresses that never answered well are not called any more.
        var disabled: Set<String> = []
    }

    private static let tries = 10
    private static let shortestPauseMilliseconds = 50
    private static let longestPauseMilliseconds = 1000

    private let state = Lock(State())
    private let http: HTTPClient

    init() {
        var settings = SettingsReader(Environment([:]))
        http = HTTPClient(reading: &settings)
    }

    func set(_ target: Target) {
        state.withLock { state in
            state.target = target
            state.disabled.remove(target.url)
        }
    }

    /// Addresses that are to be called again.
    func revive(_ urls: [String]) {
        guard !urls.isEmpty else { return }
        state.withLock { $0.disabled.subtract(urls) }
    }

    func reset() { state.withLock { $0 = State(reset: $0.reset + 1) } }

    /// Sends events, each after the one before has had its first try, and those that fail again later: so order is lost
    /// as it is lost with OwnerRez.
    func send(_ events: [OutgoingWebhook]) {
        let numbered = state.withLock { state in
            state.waiting += events.count
            return events.map { event in
                state.eventsSoFar += 1
                return Event(
                    number: state.eventsSoFar, url: event.url, body: event.event.text, reset: state.reset)
            }
        }
        let thread = Thread { [self] in
            for event in numbered where !attempt(event, 1) { sendAgain(event) }
        }
        thread?.detach()
    }

    var json: JSON {
        state.withLock { state in
            [
                "deliveries": .array(state.deliveries.map { $0.json }), "waiting": .integer(state.waiting),
                "disabled": .bool(!state.disabled.isEmpty),
            ]
        }
    }

    private func sendAgain(_ event: Event) {
        let thread = Thread { [self] in
            var pause = Self.shortestPauseMilliseconds
            for attempt in 2...Self.tries {
                sleep(milliseconds: pause)
                if self.attempt(event, attempt) { return }
                pause = min(pause * 2, Self.longestPauseMilliseconds)
            }
            state.withLock { state in
                guard state.reset == event.reset else { return }
                if let url = event.url ?? state.target?.url { state.disabled.insert(url) }
                state.waiting -= 1
            }
        }
        thread?.detach()
    }

    /// - Returns: whether it is done: 200 came in time, or there is nobody to send to.
    private func attempt(_ event: Event, _ attempt: Int) -> Bool {
        let target = state.withLock { state -> Target? in
            guard state.reset == event.reset else { return nil }
            if let target = state.target?.moved(to: event.url), !state.disabled.contains(target.url) { return target }
            state.waiting -= 1
            return nil
        }
        guard let target else { return true }
        let started = Instant.now()
        let pair = Data("\(target.user):\(target.password)".utf8).base64EncodedString()
        let request = HTTPRequest(
            name: "webhook", method: "POST", url: target.url,
            headers: ["Authorization": "Basic \(pair)", "Content-Type": "application/json"], body: event.body,
            longestMilliseconds: target.answerMilliseconds, mayBeSentTwice: false)
        let invocation = Invocation(
            requestID: "webhook-\(event.number)", deadline: .after(milliseconds: target.answerMilliseconds + 10_000),
            log: Log(descriptor: STDERR_FILENO))
        let status = try? http.send(request, in: invocation).status
        state.withLock { state in
            guard state.reset == event.reset else { return }
            state.deliveries.append(
                Delivery(
                    event: event.number, attempt: attempt, outcome: status.map { "\($0)" } ?? "no answer",
                    milliseconds: started.elapsedMicroseconds / 1000))
            if status == 200 { state.waiting -= 1 }
        }
        return status == 200
    }
}
