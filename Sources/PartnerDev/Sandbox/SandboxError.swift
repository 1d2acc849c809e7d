import PartnerCore

/// An error in Ownli's shape.
typealias SandboxError = Refusal<OwnliForm>

enum OwnliForm {}

extension Refusal<OwnliForm> {
    static var unauthenticated: Self { Self(401, "", "") }
    static var insufficientScope: Self { Self(403, "INSUFFICIENT_SCOPE", "An admin token is required") }
    static var noSuchUser: Self { Self(404, "ERROR_USER_NOT_FOUND", "There is no such user") }

    static func invalid(_ message: String) -> Self { Self(400, "ERROR_INVALID_PARAMETERS", message) }

    /// 401 is documented without a body.
    var response: Response {
        guard status != 401 else { return Response(status: 401) }
        return .json(status, ["error_code": .string(code), "error_message": .string(message)])
    }
}
