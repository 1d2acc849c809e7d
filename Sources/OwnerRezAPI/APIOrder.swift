import PartnerCore

/// The input of a direct invocation: `{"connection":"123456" | "subject":"user-42","method":"GET","path":"bookings",
/// "query":{"since_utc":".."} | "since_utc=..","body":..}`.
struct APIOrder {
    enum Whose {
        case account(Int)
        /// The one connection that this user has.
        case only(subject: String)
    }

    let whose: Whose
    let method: String
    let target: APITarget
    let body: [UInt8]?

    private static let members = ["connection", "subject", "method", "path", "query", "body"]

    init(_ input: JSON, methods: AllowedMethods) throws(FunctionError) {
        // A misspelt member would count as missing, and this would be another request.
        guard let given = input.members, given.allSatisfy({ Self.members.contains($0.name) }) else {
            throw .invalid(
                "INVALID_PARAMETERS", "There are members beside connection or subject, method, path, query, body")
        }
        switch (input["connection"]?.present, input["subject"]?.present) {
        case (let connection?, nil):
            guard let id = accountID(connection.string ?? connection.integer.map { "\($0)" } ?? "") else {
                throw .parameter("connection", "a connection's id, as in \"123456\"")
            }
            whose = .account(id)
        case (nil, .string(let subject)?) where !subject.isEmpty: whose = .only(subject: subject)
        default: throw .parameter("connection", "either a connection's id, or subject: the id of a user who has one")
        }
        let method = input["method"]?.present ?? "GET"
        guard let method = method.string else { throw .parameter("method", "a text") }
        try methods.check(method)
        self.method = method
        guard let path = input["path"]?.string else { throw .parameter("path", "a text, as in bookings/7") }
        target = try APITarget(path: path, query: Self.query(input["query"]?.present))
        body = input["body"]?.present?.text
        guard body == nil || method != "GET" else { throw .parameter("body", "there is none with GET") }
    }

    /// A text goes as it is; an object's names and values are encoded.
    private static func query(_ query: JSON?) throws(FunctionError) -> String? {
        switch query {
        case nil: return nil
        case .string(let text)?: return text
        case .object(let members)?:
            var parameters: [(String, String)] = []
            for member in members {
                let value = member.value
                guard let text = value.string ?? value.wholeNumber ?? value.bool.map({ $0 ? "true" : "false" }) else {
                    throw .parameter("query", "its values are texts, whole numbers, true or false")
                }
                parameters.append((member.name, text))
            }
            return form(parameters)
        default: throw .parameter("query", "a text, or an object")
        }
    }
}

/// A connection's id; nil for anything that is not written as one.
func accountID(_ text: String) -> Int? {
    guard let id = Int(text), id > 0, "\(id)" == text else { return nil }
    return id
}
