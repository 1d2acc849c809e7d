extension Request {
    /// Bodies are small: the largest we take is 64 KiB.
    static let largestBody = 65_536

    /// The body as a JSON object.
    public func jsonObject() throws(FunctionError) -> JSON {
        guard body.count <= Self.largestBody else {
            throw FunctionError(413, "BODY_TOO_LARGE", "The body is larger than \(Self.largestBody) bytes")
        }
        guard !body.isEmpty else { throw .invalid("BODY_REQUIRED", "A JSON object is required as the body") }
        guard isJSON else { throw FunctionError(415, "UNSUPPORTED_MEDIA_TYPE", "Send Content-Type: application/json") }
        let value: JSON
        do { value = try JSON.parse(body) } catch {
            throw .invalid("INVALID_JSON", "The body is no valid JSON: \(error.description)")
        }
        guard case .object = value else { throw .invalid("INVALID_JSON", "The body must be a JSON object") }
        return value
    }

    private var isJSON: Bool {
        guard let type = headers["Content-Type"]?.split(separator: ";").first else { return false }
        return equalIgnoringASCIICase(String(type.filter { $0 != " " }), "application/json")
    }

    /// Who signed in to the app.
    public func person() throws(FunctionError) -> Caller.Person {
        guard case .person(let person) = caller else { throw .notSignedIn }
        return person
    }
}
