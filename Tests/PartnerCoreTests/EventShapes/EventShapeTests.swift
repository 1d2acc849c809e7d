import Testing

@testable import PartnerCore

@Suite("What services send is taken for what it is")
struct EventShapeTests {
    static let requests = GatewayShapes.httpAPI + GatewayShapes.payload1API + GatewayShapes.loadBalancer
    static let others =
        GatewayShapes.noRequests + MessageShapes.queues + MessageShapes.notices + StrayShapes.streams
        + StrayShapes.hooks + StrayShapes.conversations + StrayShapes.pings

    @Test("a request, by whom the gateway verified and nobody else", arguments: requests)
    func request(shape: EventShape) throws {
        try check(shape, for: takingMessages)
        try check(shape, for: httpOnly)
    }

    @Test("a message, or nothing that there is a function for", arguments: others)
    func other(shape: EventShape) throws { try check(shape, for: takingMessages) }

    @Test("a function that takes requests only refuses all that are none", arguments: others)
    func noRequest(shape: EventShape) throws {
        #expect(throws: EventError.self) { try Event(decoding: json(shape.text), for: httpOnly) }
    }

    private func check(_ shape: EventShape, for about: About) throws {
        let text = try json(shape.text)
        let event: Event
        do throws(EventError) { event = try Event(decoding: text, for: about) } catch {
            guard case .refused(let what) = shape.outcome else {
                Issue.record("refused: \(error.description)")
                return
            }
            #expect(error.description.hasPrefix("\(about.name) \(what); it takes HTTP events of"))
            return
        }
        switch (event, shape.outcome) {
        case (.http(let event), .request(let line, let caller, let headers, let body)):
            let request = try event.request.get()
            let query = request.query.isEmpty ? "" : "?\(request.query)"
            #expect("\(request.method) \(request.path)\(query)" == line)
            #expect(try callerByGateway(request.identity) == caller)
            for (name, values) in headers { #expect(request.headers.all(name) == values) }
            #expect(request.body == Array(body.utf8))
        case (.batch(let messages), .batch(let ids, let references)):
            #expect(messages.map { $0.id } == ids)
            #expect(messages.map { message in (try? json(message.body)).flatMap { reference(in: $0) } } == references)
        case (.input(let input, let origin), .input(let carried, let expected)):
            #expect(reference(in: input) == carried)
            #expect(origin == expected)
        case (.inputs(let inputs), .inputs(let references)):
            #expect(inputs.map { reference(in: $0) } == references)
        default: Issue.record("taken for something else")
        }
    }
}
