import PartnerCore

/// An error in Ownli's shape.
struct SandboxError: Error, Equatable {
    let status: Int
    let code: String
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static let unauthenticated = SandboxError(401, "", "")
    static let insufficientScope = SandboxError(403, "INSUFFICIENT_SCOPE", "An admin token is required")
    static let noSuchUser = SandboxError(404, "ERROR_USER_NOT_FOUND", "There is no such user")

    static func invalid(_ message: String) -> SandboxError {
        SandboxError(400, "ERROR_INVALID_PARAMETERS", message)
    }

    /// 401 is documented without a body.
    var response: Response {
        guard status != 401 else { return Response(status: 401) }
        return .json(status, ["error_code": .string(code), "error_message": .string(message)])
    }
}
