/// A record that is of an account of OwnerRez's, or of a person who connects one, as somebody finds it who looks through
/// the store.
struct AccountTrace {
    enum Kind: Sendable {
        /// Of a connection: what its end takes with it.
        case connection
        /// Of how an account is looked after.
        case account
        /// What has been told about an entity.
        case told
        /// An event that was passed on to the store, or given up, or that an older build has left in its inbox.
        case event
        /// An event in the inbox of this build.
        case waiting
        /// That somebody is about to connect an account.
        case state
    }

    let kind: Kind
    /// Nil where that is not known yet, or where nothing says so.
    let account: Int?
    /// Whose it is, where it says so.
    let subject: String?
    /// When it came; nil for what is written again and again.
    let time: Timestamp?

    /// - Returns: nil for anything else.
    init?(_ record: Record) {
        let partition = record.key.partition
        let attributes = record.attributes
        if let account = partition.rest(after: "ownerrez-account#") {
            let kind: Kind = record.key.sort == Connections.sort ? .connection : .account
            self.init(kind, Int(account), attributes["subject"], attributes["receivedAt"])
        } else if let subject = partition.rest(after: "ownerrez-user#") {
            self.init(.connection, Int(record.key.sort), subject, nil)
        } else if partition == ConnectionSchedule.partition {
            self.init(.connection, Int(record.key.sort), attributes["subject"], nil)
        } else if let entity = partition.rest(after: "ownerrez-told#") {
            self.init(.told, entity.split(separator: "/").first.flatMap { Int($0) }, nil, attributes["receivedAt"])
        } else if partition.hasPrefix("ownerrez-state#") {
            self.init(.state, nil, attributes["subject"], nil)
        } else if [EventInbox.kept, EventInbox.givenUp, FormerInbox.partition].contains(partition) {
            self.init(.event, event: record)
        } else if partition.hasPrefix("ownerrez-inbox#") || partition.hasPrefix("ownerrez-inbox-aside#") {
            self.init(.waiting, event: record)
        } else {
            return nil
        }
    }

    private init(_ kind: Kind, _ account: Int?, _ subject: String?, _ time: String?) {
        self.kind = kind
        self.account = account
        self.subject = subject
        self.time = time.flatMap { Timestamp(attribute: $0) }
    }

    private init(_ kind: Kind, event record: Record) {
        self.kind = kind
        subject = record.attributes["subject"]
        time = Arrival.time(in: record.key.sort)
        if let connection = record.attributes["connection"] {
            account = Int(connection)
        } else {
            let json = record.attributes["event"].flatMap { try? JSON.parse(Array($0.utf8)) }
            account = json.flatMap { OwnerRezEvent(text: "", $0).account }
        }
    }
}
