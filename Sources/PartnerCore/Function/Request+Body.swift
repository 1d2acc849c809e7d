extension Request {
    /// What a request may call the JSON that it brings.
    public enum MediaTypes: Sendable {
        /// `application/json`
        case json
        /// Nothing at all, or anything that is JSON by its name: `application/vnd.example+json` (RFC 6839).
        case anyJSON
        /// Whatever it likes: an unwrapped push of Pub/Sub's has the type that its publisher gave it, or none.
        case anything
    }

    /// Bodies are small: the largest that an app's route takes is 64 KiB.
    public static let largestBody = 65_536

    /// The body as a JSON object.
    ///
    /// - Parameter limit: the most bytes that are taken.
    public func jsonObject(
        atMost limit: Int = Request.largestBody, as types: MediaTypes = .json
    ) throws(FunctionError) -> JSON {
        guard body.count <= limit else {
            throw FunctionError(413, "BODY_TOO_LARGE", "The body is larger than \(limit) bytes")
        }
        guard !body.isEmpty else { throw .invalid("BODY_REQUIRED", "A JSON object is required as the body") }
        guard isJSON(types) else {
            throw FunctionError(415, "UNSUPPORTED_MEDIA_TYPE", "Send Content-Type: application/json")
        }
        let value: JSON
        do { value = try JSON.parse(body) } catch {
            throw .invalid("INVALID_JSON", "The body is no valid JSON: \(error.description)")
        }
        guard case .object = value else { throw .invalid("INVALID_JSON", "The body must be a JSON object") }
        return value
    }

    private func isJSON(_ types: MediaTypes) -> Bool {
        guard types != .anything else { return true }
        guard let field = headers["Content-Type"] else { return types == .anyJSON }
        let type = field.split(separator: ";").first.map { String($0.filter { $0 != " " }) } ?? ""
        guard !equalIgnoringASCIICase(type, "application/json") else { return true }
        return types == .anyJSON
            && (equalIgnoringASCIICase(type, "text/json") || equalIgnoringASCIICase(String(type.suffix(5)), "+json"))
    }

    /// Who signed in to the app.
    public func person() throws(FunctionError) -> Caller.Person {
        guard case .person(let person) = caller else { throw .notSignedIn }
        return person
    }
}
