import PartnerCore

/// One call that crossed the wire: who called whom, with what, and how it was answered. Secrets are masked already.
struct Exchange: Sendable {
    /// In the order they began.
    let number: Int
    /// The call that this one was made for; nil when it came from outside.
    let cause: Int?
    let caller: String
    let callee: String
    let method: String
    let path: String
    let began: Timestamp
    let request: Content
    /// `admin`, `user`, ..: of the token that came along, or was bought.
    var scope: String?
    var answer: Answer?
    /// Grows with every change, so that the page can ask for what is new to it.
    var revision: Int

    struct Content: Sendable {
        let headers: Headers
        let body: String

        var json: JSON {
            [
                "headers": .object(headers.fields.map { JSON.Member($0.name, .string($0.value)) }),
                "body": .string(body),
            ]
        }
    }

    struct Answer: Sendable {
        /// Nil when there was none; the note says what there was instead.
        let status: Int?
        let note: String?
        let microseconds: Int
        /// The most memory that the function has had so far; nil for what is no function.
        let peakMemoryKiB: Int?
        let isColdStart: Bool
        let content: Content
    }

    var json: JSON {
        var json: JSON = [
            "number": .integer(number), "from": .string(caller), "to": .string(callee), "method": .string(method),
            "path": .string(path), "began": .string(began.rfc3339), "request": request.json,
        ]
        json.add("cause", cause.map { .integer($0) })
        json.add("scope", scope.map { .string($0) })
        if let answer {
            json.add("status", answer.status.map { .integer($0) } ?? .null)
            json.add("note", answer.note.map { .string($0) })
            json.add("milliseconds", .decimal(answer.microseconds, places: 3))
            json.add("memoryKiB", answer.peakMemoryKiB.map { .integer($0) })
            if answer.isColdStart { json.add("coldStart", .bool(true)) }
            json.add("answer", answer.content.json)
        }
        return json
    }
}
