import PartnerCore

/// What is kept about a person, for themselves.
extension UserOptIn {
    /// A page of it. If nothing is kept about somebody, the page says so: that is an answer too.
    @Sendable func export(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let subject = try request.person().subject
        let position = try position(request, of: subject)
        let page = try storing { () throws(StoreError) in
            try exporting.page(of: subject, from: position, at: now(), in: invocation)
        }
        let next = page.next.map { "/api/ownli/users/me/export?after=" + cursor.text($0, of: subject) }
        return .json(200, page.json(next: next))
    }

    private func position(_ request: Request, of subject: String) throws(FunctionError) -> ExportPosition? {
        guard let text = try request.queryItems().single("after") else { return nil }
        guard let position = cursor.position(text, of: subject) else {
            throw .parameter("after", "what a page of yours has as its next")
        }
        return position
    }
}
