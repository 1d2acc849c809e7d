import PartnerCore

/// OwnerRez's answer, whatever its status: JSON or nothing, and where a list goes on.
struct APIAnswer {
    let status: Int
    /// Nil when there is none.
    let body: JSON?
    /// The body as it came.
    private let text: [UInt8]
    private let next: APITarget?

    private static let nextPage = "next_page_url"

    /// - Parameter api: where OwnerRez's API is.
    init(_ response: HTTPResponse, of api: BaseURL) throws(FunctionError) {
        status = response.status
        text = response.body
        guard !text.isEmpty else {
            (body, next) = (nil, nil)
            return
        }
        guard let json = try? JSON.parse(text, duplicates: .lastWins) else { throw .unusable("no JSON") }
        body = json
        guard let link = json[Self.nextPage]?.present else {
            next = nil
            return
        }
        guard let target = link.string.flatMap({ APITarget(nextPage: $0, of: api) }) else {
            throw .unusable("its next page is no address below the API's own")
        }
        next = target
    }

    /// Over HTTP: the next page is a path of ours, in the body and in a link (RFC 8288).
    ///
    /// - Parameter root: what stands before `/v2/` here.
    func response(below root: String) -> Response {
        var headers: Headers = ["Cache-Control": "no-store"]
        guard let body else { return Response(status: status, headers: headers) }
        headers.add("Content-Type", "application/json")
        guard let next else { return Response(status: status, headers: headers, body: text) }
        let path = root + next.text
        headers.add("Link", "<\(path)>; rel=\"next\"")
        return Response(status: status, headers: headers, body: Self.replacing(body, nextPage: path).text)
    }

    /// `{"status":200,"body":..,"next":"/v2/bookings?.."}` for a direct invocation.
    var json: JSON {
        var json: JSON = ["status": .integer(status)]
        json.add("body", next.map { Self.replacing(body ?? .null, nextPage: $0.text) } ?? body ?? .null)
        json.add("next", next.map { .string($0.text) })
        return json
    }

    private static func replacing(_ body: JSON, nextPage path: String) -> JSON {
        .object((body.members ?? []).map { $0.name == nextPage ? JSON.Member(nextPage, .string(path)) : $0 })
    }
}

extension FunctionError {
    fileprivate static func unusable(_ what: String) -> FunctionError {
        FunctionError(
            502, "UPSTREAM_ERROR", "OwnerRez's answer cannot be passed on", detail: "unexpected answer: \(what)")
    }
}
