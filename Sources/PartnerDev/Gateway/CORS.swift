import Foundation
import PartnerCore

/// Cross-origin requests as an HTTP API answers them. Origins are those of web apps on this machine, whatever the
/// template says: a developer's app runs on a port of its own.
struct CORS: Sendable, Equatable {
    private let methods: [String]
    private let headers: [String]

    /// From the template's CorsConfiguration, which may be one branch of an `!If`.
    init(_ configuration: JSON) {
        let branches = [configuration] + (configuration["Fn::If"]?.array ?? [])
        let configuration = branches.first { $0["AllowMethods"] != nil } ?? .null
        methods = (configuration["AllowMethods"]?.array ?? []).compactMap { $0.string }
        headers = (configuration["AllowHeaders"]?.array ?? []).compactMap { $0.string }
    }

    /// The answer to a preflight (Fetch section 3.3.3). Nil when the request is none.
    func preflight(_ request: Request) -> Response? {
        guard request.method == "OPTIONS", request.headers["Access-Control-Request-Method"] != nil else { return nil }
        var response = Response(status: 204)
        guard let origin = allowedOrigin(request) else { return response }
        response.headers.add("Access-Control-Allow-Origin", origin)
        response.headers.add("Access-Control-Allow-Methods", methods.joined(separator: ","))
        response.headers.add("Access-Control-Allow-Headers", headers.joined(separator: ","))
        response.headers.add("Vary", "Origin")
        return response
    }

    /// Lets the web app that asked read the answer.
    func open(_ response: Response, to request: Request) -> Response {
        guard let origin = allowedOrigin(request) else { return response }
        var response = response
        response.headers.add("Access-Control-Allow-Origin", origin)
        response.headers.add("Vary", "Origin")
        return response
    }

    /// Whether a request comes from no page, or from one of this machine's.
    func admits(_ request: Request) -> Bool {
        request.headers["Origin"] == nil || allowedOrigin(request) != nil
    }

    private func allowedOrigin(_ request: Request) -> String? {
        guard let origin = request.headers["Origin"], let host = URLComponents(string: origin)?.host,
            ["localhost", "127.0.0.1"].contains(host)
        else { return nil }
        return origin
    }
}
