import PartnerCore

/// What OwnerRez says of a flow: `code` and `state`, or `error` and `state` (RFC 6749 section 4.1.2). The error's
/// description is never looked at: anybody can write it.
struct AuthorizationAnswer {
    enum Outcome: Equatable {
        case approved(code: String)
        case denied
        /// Another error, or a contradiction: a code and an error.
        case failed
    }

    let state: String
    let outcome: Outcome

    init(_ query: QueryItems) throws(FunctionError) {
        try self.init(
            code: query.single("code"), state: query.single("state"), error: query.single("error"))
    }

    init(_ body: JSON) throws(FunctionError) {
        try self.init(
            code: Self.text(body["code"]), state: Self.text(body["state"]), error: Self.text(body["error"]))
    }

    private init(code: String?, state: String?, error: String?) throws(FunctionError) {
        guard let state, !state.isEmpty else { throw .parameter("state", "required") }
        self.state = state
        switch (code, error) {
        case (nil, nil), ("", nil): throw .parameter("code", "required, unless there is an error")
        case (let code?, nil):
            guard Self.isCode(code) else { throw .parameter("code", "1 to 2048 visible ASCII characters") }
            outcome = .approved(code: code)
        case (nil, "access_denied"): outcome = .denied
        case (_, _?): outcome = .failed
        }
    }

    /// `VSCHAR` without the space (RFC 6749 appendix A.11).
    private static func isCode(_ text: String) -> Bool {
        (1...2048).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIIVisible }
    }

    private static func text(_ value: JSON?) throws(FunctionError) -> String? {
        guard let value = value?.present else { return nil }
        guard let text = value.string else { throw .parameter("code, state, error", "texts") }
        return text
    }
}

extension FunctionError {
    /// Never issued, used already, too old, another browser's or another user's: which of these is nobody's business.
    static let noSuchFlow = FunctionError.invalid(
        "STATE_UNKNOWN", "This link has been used already, or its ten minutes are over: start again in the app")
}
