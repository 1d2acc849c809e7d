import PartnerCore

extension OwnerRezDouble {
    /// `GET /v2/bookings/:id` and its like.
    func show(_ kind: OwnerRezKind, _ id: String, _ account: Account) throws(OwnerRezAPIError) -> Response {
        guard !kind.needsAgreement || hasAgreement else { throw .needsAgreement }
        guard let number = Int(id), let record = record(account.id, kind, number) else { throw .notFound }
        return .json(200, record.row(timeForm))
    }

    /// `POST /v2/bookings`, a JSON object. The webhook tells of it, as of all that follows.
    mutating func add(_ kind: OwnerRezKind, _ request: Request, _ account: Account) throws(OwnerRezAPIError) -> Response
    {
        let change = create(account.id, kind, try Self.fields(of: request))
        outbox += outgoing([change])
        return .json(201, change.record.row(timeForm))
    }

    /// `PATCH /v2/bookings/:id`, a JSON object: what it has is changed, all else stays.
    mutating func patch(
        _ kind: OwnerRezKind, _ id: String, _ request: Request, _ account: Account
    ) throws(OwnerRezAPIError) -> Response {
        let fields = try Self.fields(of: request)
        guard let number = Int(id), let change = update(account.id, kind, number, fields) else { throw .notFound }
        outbox += outgoing([change])
        return .json(200, change.record.row(timeForm))
    }

    /// `DELETE /v2/bookings/:id`
    mutating func remove(_ kind: OwnerRezKind, _ id: String, _ account: Account) throws(OwnerRezAPIError) -> Response {
        guard let number = Int(id), let change = delete(account.id, kind, number) else { throw .notFound }
        outbox += outgoing([change])
        return Response(status: 204)
    }

    /// What OwnerRez gives itself is nobody's to send.
    private static func fields(of request: Request) throws(OwnerRezAPIError) -> JSON {
        let fields = try object(of: request)
        for name in ["id", "updated_utc"] where fields[name] != nil { throw .invalid("\(name) cannot be set") }
        return fields
    }

    static func object(of request: Request) throws(OwnerRezAPIError) -> JSON {
        let types = request.headers.all("Content-Type").map { $0.lowercased().filter { $0 != " " } }
        guard types == ["application/json"] || types == ["application/json;charset=utf-8"] else {
            throw OwnerRezAPIError(415, "unsupported_media_type", "The content type must be application/json")
        }
        guard let object = try? JSON.parse(request.body), object.members != nil else {
            throw .invalid("The body must be a JSON object")
        }
        return object
    }
}
