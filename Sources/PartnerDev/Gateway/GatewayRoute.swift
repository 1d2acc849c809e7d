import Foundation
import PartnerCore

/// A route of an HTTP API: `GET /api/things/{id}`.
struct GatewayRoute: Sendable, Equatable {
    enum Access: Sendable, Equatable {
        case anyone
        /// The JWT authorizer.
        case people
        /// AWS_IAM: nobody has such an identity here.
        case services

        /// - Parameter authorizer: as the template names it; nil and `NONE` let anyone in.
        init(authorizer: String?) {
            switch authorizer {
            case nil, "NONE": self = .anyone
            case "AWS_IAM": self = .services
            default: self = .people
            }
        }
    }

    let method: String
    let path: String
    let access: Access

    /// As events and logs name it.
    var key: String { "\(method) \(path)" }

    struct Parameter: Sendable, Equatable {
        let name: String
        /// Percent-decoded.
        let value: String
    }

    /// The values of the route's parameters in a path; nil when the path or the method is not this route's.
    func parameters(of request: Request) -> [Parameter]? {
        guard method == request.method || method.uppercased() == "ANY" else { return nil }
        let wanted = path.split(separator: "/", omittingEmptySubsequences: false)
        var given = request.path.split(separator: "/", omittingEmptySubsequences: false)
        // The last one may stand for all that follows: `{path+}`.
        if wanted.last?.hasSuffix("+}") == true, given.count > wanted.count {
            let rest = given.dropFirst(wanted.count - 1).joined(separator: "/")
            given = given.prefix(wanted.count - 1) + [rest[...]]
        }
        guard wanted.count == given.count else { return nil }
        var parameters: [Parameter] = []
        for (wanted, given) in zip(wanted, given) {
            if wanted.hasPrefix("{"), wanted.hasSuffix("}") {
                guard let value = given.removingPercentEncoding, !value.isEmpty else { return nil }
                parameters.append(Parameter(name: wanted.trimmingCharacters(in: ["{", "+", "}"]), value: value))
            } else if wanted != given {
                return nil
            }
        }
        return parameters
    }
}
