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

    /// The body as a JSON object.
    public func jsonObject(as types: MediaTypes = .json) throws(FunctionError) -> JSON {
        guard !body.isEmpty else { throw .invalid("BODY_REQUIRED", "A JSON object is required as the body") }
        let value = try json(as: types)
        guard case .object = value else { throw .invalid("INVALID_JSON", "The body must be a JSON object") }
        return value
    }

    /// The body as any JSON value.
    public func json(as types: MediaTypes = .json) throws(FunctionError) -> JSON {
        guard isJSON(types) else {
            throw FunctionError(415, "UNSUPPORTED_MEDIA_TYPE", "Send Content-Type: application/json")
        }
        guard headers.all("Content-Encoding").allSatisfy({ equalIgnoringASCIICase($0, "identity") }) else {
            throw FunctionError(
                415, "UNSUPPORTED_CONTENT_ENCODING", "Send the body as it is, without Content-Encoding")
        }
        do { return try JSON.parse(text) } catch {
            throw .invalid("INVALID_JSON", "The body is no valid JSON: \(error.description)")
        }
    }

    /// The body without the byte-order mark that some write before UTF-8 (RFC 8259 section 8.1 lets a reader pass over it).
    public var text: [UInt8] {
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        return body.starts(with: mark) ? Array(body.dropFirst(mark.count)) : body
    }

    private func isJSON(_ types: MediaTypes) -> Bool {
        guard types != .anything else { return true }
        guard let field = headers["Content-Type"] else { return types == .anyJSON }
        return types == .anyJSON ? isJSONMediaType(field) : equalIgnoringASCIICase(mediaType(field), "application/json")
    }

    /// Who signed in to the app.
    public func person() throws(FunctionError) -> Caller.Person {
        guard case .person(let person) = caller else { throw .notSignedIn }
        return person
    }
}

/// `application/json`, or anything that is JSON by its name: `application/vnd.example+json` (RFC 6839).
func isJSONMediaType(_ field: String) -> Bool {
    let type = mediaType(field)
    return ["application/json", "text/json"].contains { equalIgnoringASCIICase(type, $0) }
        || equalIgnoringASCIICase(String(type.suffix(5)), "+json")
}

/// A Content-Type without its parameters.
func mediaType(_ field: String) -> String {
    String((field.split(separator: ";").first ?? "").trimmingSpaces)
}
