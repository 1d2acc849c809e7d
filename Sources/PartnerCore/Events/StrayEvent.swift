/// Events that are refused by their name, because they look like others or come by a mistake that is often made. The
/// first two can have a method, a path and a caller, but they are no requests. Whoever took an authorizer's question
/// for a request would do what nobody has allowed yet.
public enum StrayEvent: Sendable, CaseIterable {
    /// `{"type":"TOKEN" | "REQUEST","methodArn" | "routeArn",..}` (API Gateway, input to a Lambda authorizer);
    /// `{"authorizationToken",..}` (AppSync, Lambda authorization).
    case authorizerQuestion
    /// `{"requestContext":{"connectionId","eventType",..},..}` (API Gateway, WebSocket APIs).
    case webSocket
    /// `{"method","raw_path",..}`, or `{"method","path","requestContext":{"serviceNetworkArn",..}}` (VPC Lattice, Lambda
    /// functions as targets).
    case lattice
    /// `{"Records":[{"cf":{..}}]}` (CloudFront, Lambda@Edge event structure).
    case edge

    static func of(_ event: JSON) -> StrayEvent? { allCases.first { $0.holds(event) } }

    var name: String {
        switch self {
        case .authorizerQuestion: "questions to an authorizer"
        case .webSocket: "events of a WebSocket API"
        case .lattice: "requests of VPC Lattice"
        case .edge: "requests of CloudFront"
        }
    }

    private func holds(_ event: JSON) -> Bool {
        switch self {
        case .authorizerQuestion:
            ["methodArn", "routeArn", "authorizationToken"].contains { event[$0]?.present != nil }
        case .webSocket: event["requestContext"]?["connectionId"]?.present != nil
        case .lattice:
            event["raw_path"]?.isText ?? false || event["requestContext"]?["serviceNetworkArn"]?.present != nil
        case .edge: event["Records"]?.array?.first?["cf"]?.members != nil
        }
    }
}
