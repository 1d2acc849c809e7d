import PartnerCore

/// A page of a list, zero-based.
struct Page {
    private let number: Int
    private let size: Int

    init(_ parameters: [String: String]) throws(SandboxError) {
        guard let number = Int(parameters["page"] ?? "0"), number >= 0 else {
            throw .invalid("page must be a number from 0")
        }
        guard let size = Int(parameters["size"] ?? "10"), (1...100).contains(size) else {
            throw .invalid("size must be a number from 1 to 100")
        }
        self.number = number
        self.size = size
    }

    /// The page's part of a list, as the API wraps it.
    func of(_ items: [JSON], named name: String) -> JSON {
        let (skipped, overflows) = number.multipliedReportingOverflow(by: size)
        let page = overflows ? [] : Array(items.dropFirst(skipped).prefix(size))
        return .object([
            JSON.Member("totalItems", .integer(items.count)),
            JSON.Member("currentPage", .integer(number)),
            JSON.Member("totalPages", .integer((items.count + size - 1) / size)),
            JSON.Member("itemsOnPage", .integer(page.count)),
            JSON.Member(name, .array(page)),
        ])
    }
}
