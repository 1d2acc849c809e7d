import Foundation
import PartnerCore

/// A route of the API: who may call it, and what it does.
struct Endpoint: Sendable {
    enum Access { case anyone, anyToken, adminToken }

    /// - Parameter parameter: what stands in the path for `:id`, `:phone` or `:token`; empty when the path has none.
    typealias Handler =
        @Sendable (_ state: inout SandboxState, _ request: Request, _ parameter: String)
        throws(SandboxError) -> Response

    let method: String
    let pattern: String
    let access: Access
    let handle: Handler

    init(_ method: String, _ pattern: String, _ access: Access, _ handle: @escaping Handler) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.handle = handle
    }

    /// As faults and calls name it: `GET /api/users/by-id/:id`.
    var name: String { "\(method) \(pattern)" }

    static let all =
        [
            Endpoint("POST", "/api/auth/token", .anyone) { state, request, _ throws(SandboxError) in
                try state.issueToken(request)
            },
            Endpoint("POST", "/api/users", .adminToken) { state, request, _ throws(SandboxError) in
                try state.createUser(request)
            },
            Endpoint("GET", "/api/users", .adminToken) { state, request, _ throws(SandboxError) in
                try state.listUsers(request)
            },
            Endpoint("GET", "/api/users/by-id/:id", .anyToken) { state, request, id throws(SandboxError) in
                try state.user(id: id, request)
            },
            Endpoint("GET", "/api/users/by-phone/:phone", .anyToken) { state, request, phone throws(SandboxError) in
                try state.user(phone: phone, request)
            },
            Endpoint("GET", "/api/users/by-id/:id/rewards", .anyToken) { state, request, id throws(SandboxError) in
                try state.rewards(ofUser: id, request)
            },
            Endpoint("POST", "/api/users/by-id/:id/rewards/claim", .anyToken) {
                state, request, id throws(SandboxError) in
                try state.claimRewards(ofUser: id, request)
            },
            Endpoint("POST", "/api/rewards/grant", .adminToken) { state, request, _ throws(SandboxError) in
                try state.grantReward(request)
            },
            Endpoint("GET", "/api/rewards", .adminToken) { state, request, _ throws(SandboxError) in
                try state.listRewards(request)
            },
        ] + OwnerRezDouble.endpoints

    struct Match {
        let endpoint: Endpoint
        let parameter: String
    }

    static func matching(_ request: Request) -> Match? {
        for endpoint in all where endpoint.method == request.method {
            if let parameter = endpoint.parameter(in: request.path) {
                return Match(endpoint: endpoint, parameter: parameter)
            }
        }
        return nil
    }

    /// - Returns: nil when the path is not this endpoint's.
    private func parameter(in path: String) -> String? {
        let wanted = pattern.split(separator: "/", omittingEmptySubsequences: false)
        let given = path.split(separator: "/", omittingEmptySubsequences: false)
        guard wanted.count == given.count else { return nil }
        var parameter = ""
        for (wanted, given) in zip(wanted, given) {
            if wanted.hasPrefix(":") {
                guard let decoded = given.removingPercentEncoding, !decoded.isEmpty else { return nil }
                parameter = decoded
            } else if wanted != given {
                return nil
            }
        }
        return parameter
    }
}
