/// What OwnerRez keeps records of, by the name that its webhooks have for it.
enum OwnerRezKind: String, Sendable, CaseIterable {
    case booking, guest, inquiry, quote, review, property
    case message = "thread_message"

    /// The list below /v2/.
    var list: String {
        switch self {
        case .booking: "bookings"
        case .guest: "guests"
        case .inquiry: "inquiries"
        case .quote: "quotes"
        case .review: "reviews"
        case .property: "properties"
        case .message: "messages"
        }
    }

    /// No webhook tells of a review.
    var isToldByWebhook: Bool { self != .review }

    /// Whether a record says itself when it was last changed.
    var showsUpdated: Bool { [.booking, .quote, .review].contains(self) }

    /// Whether it can be made, changed and deleted over the API.
    var isWritable: Bool { [.booking, .guest].contains(self) }

    /// The parameters of its list that say which records are meant, one of which has to come; none: all are.
    var required: [String] {
        switch self {
        case .booking: ["since_utc", "property_ids"]
        case .guest: ["q", "created_since_utc"]
        case .inquiry, .quote, .review, .message: ["since_utc"]
        case .property: []
        }
    }

    /// Whether OwnerRez wants an agreement of its own for it.
    var needsAgreement: Bool { self == .message }

    /// As a subscription has it.
    var subscribed: String { self == .message ? "message" : rawValue }
}
