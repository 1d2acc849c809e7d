import Foundation
import PartnerCore

/// Does on this machine what an HTTP API of Amazon API Gateway does, from the same template: finds the route, verifies
/// who calls, hands the request to the function in payload format 2.0, and its answer back.
struct Gateway: Sendable {
    /// A call as the template's authorizer let it pass.
    struct Admitted: Sendable {
        let route: GatewayRoute
        let function: String
        let parameters: [GatewayRoute.Parameter]
        let claims: JSON?
    }

    enum Refusal: Error { case notFound, unauthorized, forbidden }

    private let template: Template
    private let issuer: DevelopmentIssuer

    init(_ template: Template, issuer: DevelopmentIssuer) {
        self.template = template
        self.issuer = issuer
    }

    /// - Parameter invoke: hands an event to a function, and returns its answer; nil when there was none.
    func respond(
        to request: Request, invoke: (_ function: String, _ route: GatewayRoute, _ event: [UInt8]) -> Invoked
    ) -> Response {
        if let response = template.cors.preflight(request) { return response }
        return template.cors.open(answer(request, invoke), to: request)
    }

    enum Invoked: Sendable {
        case answer([UInt8])
        /// The function failed, or did not say anything that can be understood.
        case failed
        case timedOut
    }

    private func answer(_ request: Request, _ invoke: (String, GatewayRoute, [UInt8]) -> Invoked) -> Response {
        let admitted: Admitted
        do throws(Refusal) { admitted = try admit(request) } catch {
            switch error {
            case .notFound: return .gatewayMessage(404, "Not Found")
            case .forbidden: return .gatewayMessage(403, "Forbidden")
            case .unauthorized:
                var response = Response.gatewayMessage(401, "Unauthorized")
                response.headers.add("WWW-Authenticate", "Bearer")
                return response
            }
        }
        let event = GatewayEvent(
            request: request, route: admitted.route, parameters: admitted.parameters, claims: admitted.claims,
            requestID: newID(), time: Date())
        switch invoke(admitted.function, admitted.route, event.json.text) {
        case .answer(let bytes):
            return Response(gatewayAnswer: bytes) ?? .gatewayMessage(500, "Internal Server Error")
        case .failed: return .gatewayMessage(500, "Internal Server Error")
        case .timedOut: return .gatewayMessage(503, "Service Unavailable")
        }
    }

    /// The most specific route: the one with the fewest parameters.
    func admit(_ request: Request) throws(Refusal) -> Admitted {
        var best: Admitted?
        for function in template.functions {
            for route in function.routes {
                guard let parameters = route.parameters(of: request),
                    parameters.count < best?.parameters.count ?? Int.max
                else { continue }
                best = Admitted(route: route, function: function.name, parameters: parameters, claims: nil)
            }
        }
        guard let best else { throw .notFound }
        switch best.route.access {
        case .anyone: return best
        case .services: throw .forbidden
        case .people:
            guard let claims = issuer.claims(of: request) else { throw .unauthorized }
            return Admitted(route: best.route, function: best.function, parameters: best.parameters, claims: claims)
        }
    }
}
