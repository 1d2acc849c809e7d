import PartnerCore

/// What is wrong with a list's page, which is otherwise as it should be.
struct PageFault: Sendable {
    /// Instead of `next_page_url`; `itself` for the page's own.
    private let next: String?
    /// Members that rows lack.
    private let without: [String]
    /// The only row that lacks them; nil for all.
    private let row: Int?

    init(_ parameters: Parameters) throws(SandboxError) {
        next = try parameters.optionalText("next")
        without = (parameters.value("without")?.array ?? []).compactMap { $0.string }
        row = parameters.value("row")?.integer
        guard next != nil || !without.isEmpty else { throw .invalid("next or without is required") }
    }

    func altering(_ response: Response, to request: Request) -> Response {
        guard let page = try? JSON.parse(response.body), let items = page["items"]?.array else { return response }
        var altered: JSON = [:]
        for member in page.members ?? [] {
            switch member.name {
            case "items": altered.add("items", .array(items.enumerated().map { lacking($0.element, $0.offset) }))
            case "next_page_url":
                altered.add("next_page_url", next.map { .string(address($0, request)) } ?? member.value)
            default: altered.add(member.name, member.value)
            }
        }
        return .json(response.status, altered)
    }

    private func lacking(_ item: JSON, _ index: Int) -> JSON {
        guard row == nil || row == index else { return item }
        return .object((item.members ?? []).filter { !without.contains($0.name) })
    }

    private func address(_ next: String, _ request: Request) -> String {
        guard next == "itself" else { return next }
        return "http://\(request.headers["Host"] ?? "127.0.0.1")\(request.path)?\(request.query)"
    }
}
