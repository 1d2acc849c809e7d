/// One method and path that a function answers.
public struct Route: Sendable {
    public typealias Handler = @Sendable (Request, Invocation) throws(FunctionError) -> Response

    /// Whom a route is for. Only where somebody has to be known are credentials looked at, so that a bad token neither
    /// closes an open route nor costs it a call to the issuer. The handler still says whom it admits.
    public enum Audience: Sendable {
        case anyone, people, services
        /// Whoever brings the route's own credentials. This looks at them.
        case holders(Admittance)
    }

    /// Throws unless a request may come in.
    public typealias Admittance = @Sendable (Request, Invocation) throws(FunctionError) -> Void

    /// Says who sent a request; nil when nothing in it does.
    public typealias Identification = (Request, Invocation) throws(FunctionError) -> Caller?

    public let method: String
    let path: PathPattern
    let audience: Audience
    /// The most bytes that a body may have.
    let bodyLimit: Int
    let handler: Handler

    /// Bodies are small: an app's route takes 64 KiB.
    static let usualBodyLimit = 65_536

    /// - Parameter bodyLimit: 64 KiB unless something else is said, and nothing with GET.
    public init(
        _ method: String, _ path: String, for audience: Audience = .anyone, takes bodyLimit: Int? = nil,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = PathPattern(path)
        self.audience = audience
        self.bodyLimit = bodyLimit ?? (method == "GET" ? 0 : Self.usualBodyLimit)
        self.handler = handler
    }

    /// Whether callers are to be identified.
    var asksWhoCalls: Bool {
        switch audience {
        case .people, .services: true
        case .anyone, .holders: false
        }
    }

    var isForPeople: Bool {
        if case .people = audience { true } else { false }
    }
}

extension Request {
    /// The path's last segment, decoded: what a route's parameter stands for. Nil when its percent-encoding is broken.
    public var lastSegment: String? {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).flatMap { percentDecoded(Array(path.utf8[$0...].dropFirst())) }
    }
}

/// A request that has come as far as its handler: by its head alone, whether its body has come or not.
struct AdmittedRequest: Sendable {
    let route: Route
    private let caller: Caller?

    fileprivate init(_ route: Route, _ caller: Caller?) {
        self.route = route
        self.caller = caller
    }

    /// - Parameter request: the same, with its body.
    func respond(to request: Request, in invocation: Invocation) throws(FunctionError) -> Response {
        guard request.body.count <= route.bodyLimit else { throw .bodyTooLarge(limit: route.bodyLimit) }
        return try route.handler(request.sent(by: caller), invocation)
    }
}

extension Function {
    /// Finds the route and runs it.
    public func respond(to request: Request, in invocation: Invocation, identify: Route.Identification) -> Response {
        invocation.response { () throws(FunctionError) in
            try admit(request, in: invocation, identify: identify).respond(to: request, in: invocation)
        }
    }

    /// Finds the route, and looks at the credentials that it wants. Paths are compared as they came: `//`, `%2e%2e` and a
    /// trailing slash match nothing.
    ///
    /// - Parameter head: its body is not looked at.
    func admit(
        _ head: Request, in invocation: Invocation, identify: Route.Identification
    ) throws(FunctionError) -> AdmittedRequest {
        let matching = routes.filter { $0.path.matches(head.path) }
        guard !matching.isEmpty else { throw FunctionError.noRoute }
        invocation.route = matching[0].path.text
        guard let route = matching.first(where: { $0.method == head.method }) else {
            throw FunctionError.wrongMethod(allowed: matching.map { $0.method })
        }
        switch route.audience {
        case .anyone: return AdmittedRequest(route, head.caller)
        case .holders(let admit):
            try admit(head, invocation)
            return AdmittedRequest(route, head.caller)
        case .people, .services:
            guard let caller = try identify(head, invocation) else { throw .notSignedIn }
            return AdmittedRequest(route, caller)
        }
    }
}

extension FunctionError {
    static let noRoute = FunctionError(404, "NOT_FOUND", "There is nothing at this path")

    static func bodyTooLarge(limit: Int) -> FunctionError {
        FunctionError(413, "BODY_TOO_LARGE", "The body is larger than \(limit) bytes")
    }

    static func wrongMethod(allowed: [String]) -> FunctionError {
        let allow = allowed.joined(separator: ", ")
        return FunctionError(405, "METHOD_NOT_ALLOWED", "This path answers \(allow)", allow: allow)
    }
}
