/// One method and path that a function answers.
public struct Route: Sendable {
    public typealias Handler = @Sendable (Request, Invocation) throws(FunctionError) -> Response

    /// Whom a route is for. Only where somebody has to be known are credentials looked at, so that a bad token neither
    /// closes an open route nor costs it a call to the issuer. The handler still says whom it admits.
    public enum Audience: Sendable { case anyone, people, services }

    /// Says who sent a request; nil when nothing in it does.
    public typealias Identification = (Request, Invocation) throws(FunctionError) -> Caller?

    let method: String
    /// Its last segment may stand for any text: `/api/ownerrez/connections/{id}`.
    let path: String
    let audience: Audience
    let handler: Handler

    public init(_ method: String, _ path: String, for audience: Audience = .anyone, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.audience = audience
        self.handler = handler
    }
}

extension Route {
    /// What comes before the parameter; nil for a path without one.
    private var prefix: Substring? {
        guard path.hasSuffix("}"), let brace = path.lastIndex(of: "{") else { return nil }
        return path[..<brace]
    }

    func matches(_ path: String) -> Bool {
        guard let prefix else { return path == self.path }
        let parameter = path.utf8.dropFirst(prefix.utf8.count)
        return path.hasPrefix(prefix) && !parameter.isEmpty && !parameter.contains(UInt8(ascii: "/"))
    }
}

extension Request {
    /// The path's last segment, decoded: what a route's parameter stands for. Nil when its percent-encoding is broken.
    public var lastSegment: String? {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).flatMap { percentDecoded(Array(path.utf8[$0...].dropFirst())) }
    }
}

extension Function {
    /// Finds the route and runs it. Paths are compared as they came: `//`, `%2e%2e` and a trailing slash match nothing.
    public func respond(to request: Request, in invocation: Invocation, identify: Route.Identification) -> Response {
        do throws(FunctionError) {
            let matching = routes.filter { $0.matches(request.path) }
            guard !matching.isEmpty else { throw FunctionError.noRoute }
            invocation.route = matching[0].path
            guard let route = matching.first(where: { $0.method == request.method }) else {
                throw FunctionError.wrongMethod(allowed: matching.map { $0.method })
            }
            guard route.audience != .anyone else { return try route.handler(request, invocation) }
            return try route.handler(request.sent(by: identify(request, invocation)), invocation)
        } catch {
            invocation.report(error)
            return error.response(requestID: invocation.requestID)
        }
    }
}

extension FunctionError {
    static let noRoute = FunctionError(404, "NOT_FOUND", "There is nothing at this path")

    static func wrongMethod(allowed: [String]) -> FunctionError {
        let allow = allowed.joined(separator: ", ")
        return FunctionError(405, "METHOD_NOT_ALLOWED", "This path answers \(allow)", allow: allow)
    }
}
