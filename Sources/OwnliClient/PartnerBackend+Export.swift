import Foundation

extension PartnerBackend {
    private static let exportPath = "/api/ownli/users/me/export"

    /// `GET /api/ownli/users/me/export`, all of its pages: everything that is kept about the user, as one JSON document, to
    /// be shown, saved or handed on. Also of a user who has never opted in; it says then that nothing is kept.
    ///
    /// Your backend looks through all events for it: some seconds pass where there are many.
    public func export() async throws -> Data {
        var document = ExportDocument()
        var after: String?
        repeat {
            let query = after.map { [URLQueryItem(name: "after", value: $0)] } ?? []
            let answer = try await answer(to: OwnliRequest("GET", Self.exportPath, query: query))
            let next = try answer.decoded(as: ExportPage.self).next
            let place = try next.map { next throws(OwnliClientError) in
                // Wherever it leads, this user's identity goes to your backend only.
                guard let place = Self.place(next), place != after else {
                    throw .answerNotUnderstood(status: answer.status)
                }
                return place
            }
            guard document.add(answer.body) else { throw OwnliClientError.answerNotUnderstood(status: answer.status) }
            after = place
        } while after != nil
        return document.json
    }

    /// What a path of the export's says about where it goes on; nil for any other.
    private static func place(_ next: String) -> String? {
        guard let parts = URLComponents(string: next), parts.host == nil, parts.path == exportPath,
            let items = parts.queryItems, items.count == 1, items[0].name == "after"
        else { return nil }
        return items[0].value
    }
}

private struct ExportPage: Decodable {
    /// Nil after the last one.
    let next: String?
}
