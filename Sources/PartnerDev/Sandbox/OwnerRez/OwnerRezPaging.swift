import Foundation
import PartnerCore

/// A query's parameters, each at most once, and none that is not documented.
struct Query {
    private var values: [(name: String, value: String)] = []

    init(_ request: Request, allowed: [String]) throws(OwnerRezAPIError) {
        for pair in request.query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = parts[0].removingPercentEncoding,
                let value = parts[1].replacing("+", with: " ").removingPercentEncoding
            else { throw .invalid("The query is not understood") }
            guard allowed.contains(name) else { throw .invalid("There is no parameter \(name)") }
            guard self[name] == nil else { throw .invalid("\(name) came twice") }
            values.append((name, value))
        }
    }

    subscript(_ name: String) -> String? { values.first { $0.name == name }?.value }

    func number(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws(OwnerRezAPIError) -> Int {
        guard let text = self[name] else { return standard }
        guard let number = Int(text), "\(number)" == text, range.contains(number) else {
            throw .invalid("\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// In ticks of 100 ns since 1970; nil when it did not come.
    func time(_ name: String) throws(OwnerRezAPIError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let ticks = OwnerRezRecord.ticks(text) else { throw .invalid("\(name) must be a time in UTC") }
        return ticks
    }

    /// As text, with other values for some.
    func replacing(_ changed: [String: String]) -> String {
        let unreserved = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        let kept = values.filter { changed[$0.name] == nil }
        return (kept.map { ($0.name, $0.value) } + changed.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            .map { "\($0.0)=\($0.1.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "")" }
            .joined(separator: "&")
    }
}

/// Lists come in pages of 20, or of up to 100 where that is asked for.
struct Paging {
    let query: Query
    private let limit: Int
    private let offset: Int
    /// The list's address as the caller sees it: `http://127.0.0.1:8787/v2/bookings`.
    private let address: String

    init(_ request: Request, allowed: [String]) throws(OwnerRezAPIError) {
        query = try Query(request, allowed: allowed + ["limit", "offset"])
        limit = try query.number("limit", default: 20, in: 1...100)
        offset = try query.number("offset", default: 0, in: 0...10_000_000)
        address = "http://\(request.headers["Host"] ?? "127.0.0.1")\(request.path)"
    }

    func page(of rows: [JSON]) -> JSON {
        page(rows.dropFirst(offset).prefix(limit).map { $0 }, of: rows.count)
    }

    func page(of records: [OwnerRezRecord], _ form: OwnerRezRecord.TimeForm) -> JSON {
        page(records.dropFirst(offset).prefix(limit).map { $0.row(form) }, of: records.count)
    }

    private func page(_ rows: [JSON], of count: Int) -> JSON {
        let following = query.replacing(["limit": "\(limit)", "offset": "\(offset + limit)"])
        return [
            "items": .array(rows), "limit": .integer(limit), "offset": .integer(offset),
            "next_page_url": offset + limit < count ? .string("\(address)?\(following)") : .null,
        ]
    }
}
