import PartnerCore

extension OwnerRezDouble {
    /// In which order a list has its records. OwnerRez promises none, and pages may shift under whoever reads them.
    enum Order: String, Sendable, CaseIterable {
        case id
        /// The latest change last: a record that changes moves behind all others.
        case updated
        /// The latest change first.
        case newest
    }

    /// `GET /v2/bookings` and its like.
    func list(_ kind: OwnerRezKind, _ request: Request, _ account: Account) throws(OwnerRezAPIError) -> Response {
        guard !kind.needsAgreement || hasAgreement else { throw .needsAgreement }
        let paging = try Paging(request, allowed: kind.required)
        let query = paging.query
        guard kind.required.isEmpty || kind.required.contains(where: { query[$0] != nil }) else {
            throw .invalid("\(kind.required.joined(separator: " or ")) is required")
        }
        let since = try query.time("since_utc")
        let createdSince = try query.time("created_since_utc")
        let properties = try query["property_ids"].map { text throws(OwnerRezAPIError) in try Self.numbers(text) }
        var found = records(account.id, kind)
        if let since { found = found.filter { $0.updated >= since } }
        if let createdSince { found = found.filter { $0.created >= createdSince } }
        if let properties {
            found = found.filter { $0.fields["property_id"]?.integer.map { properties.contains($0) } ?? false }
        }
        if let words = query["q"] {
            found = found.filter {
                String(decoding: $0.fields.text, as: UTF8.self).lowercased().contains(words.lowercased())
            }
        }
        switch order {
        case .id: break
        case .updated: found.sort { ($0.updated, $0.id) < ($1.updated, $1.id) }
        case .newest: found.sort { ($0.updated, $0.id) > ($1.updated, $1.id) }
        }
        return .json(200, paging.page(of: found, timeForm))
    }

    /// `GET /v2/listings`: those who may see them find what the properties are.
    func listListings(_ request: Request, _ account: Account) throws(OwnerRezAPIError) -> Response {
        guard hasAgreement else { throw .needsAgreement }
        let paging = try Paging(request, allowed: [])
        return .json(200, paging.page(of: records(account.id, .property), timeForm))
    }

    private static func numbers(_ text: String) throws(OwnerRezAPIError) -> [Int] {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard !numbers.contains(nil) else { throw .invalid("property_ids must be numbers with commas between them") }
        return numbers.compactMap { $0 }
    }
}
