/// A page of a list of OwnerRez's: `{"items":[..],"next_page_url":"https://..."|null}`.
struct ListPage: Sendable {
    /// Where a page is, below the API's own address.
    struct Address: Sendable, Equatable {
        /// `/v2/bookings`
        let path: String
        /// Percent-encoded, without its question mark.
        let query: String

        init(path: String, query: String) {
            self.path = path
            self.query = query
        }

        /// As it is stored.
        init(_ text: String) {
            let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            self.init(path: String(parts[0]), query: parts.count == 2 ? String(parts[1]) : "")
        }

        var text: String { query.isEmpty ? path : "\(path)?\(query)" }
    }

    /// Why a list cannot be gone on with. None holds anything that came.
    enum Problem: Error, Sendable, Equatable {
        case refused(status: Int)
        case notAList
        case nextPageElsewhere
        case nextPageIsNone
        case goesInACircle
        case tooManyPages

        var description: String {
            switch self {
            case .refused(let status): "answered \(status)"
            case .notAList: "no JSON with items"
            case .nextPageElsewhere: "its next page is on another host, or is another list"
            case .nextPageIsNone: "its next page is no address"
            case .goesInACircle: "its next page is one that came before"
            case .tooManyPages: "it does not end"
            }
        }
    }

    let rows: [JSON]
    let next: Address?

    /// A token never follows a link elsewhere: the next page is below the API's own address, and of the same list.
    init(_ response: HTTPResponse, at address: Address, of api: BaseURL) throws(Problem) {
        guard response.status == 200 else { throw .refused(status: response.status) }
        guard let answer = try? JSON.parse(response.body, duplicates: .lastWins), let rows = answer["items"]?.array
        else { throw .notAList }
        self.rows = rows
        guard let link = answer["next_page_url"]?.present else {
            next = nil
            return
        }
        guard let link = link.string else { throw .nextPageIsNone }
        next = try Self.next(link, after: address, of: api)
    }

    private static let longestLink = 2_000

    private static func next(
        _ link: String, after address: Address, of api: BaseURL
    ) throws(Problem) -> Address {
        guard link.utf8.count <= longestLink, link.utf8.allSatisfy({ $0.isASCIIVisible && $0 != UInt8(ascii: "#") })
        else { throw .nextPageIsNone }
        guard link.hasPrefix(api.text + "/") else { throw .nextPageElsewhere }
        let next = Address(String(decoding: link.utf8.dropFirst(api.text.utf8.count), as: UTF8.self))
        guard next.path == address.path else { throw .nextPageElsewhere }
        guard next != address else { throw .goesInACircle }
        return next
    }
}
