/// How far a list of an account's has been looked through: `ownerrez-account#ID`, `checkpoint#LIST`.
///
///     subject                            whose connection it was
///     since                              what changed before, by OwnerRez's clock, has been seen
///     start, page, pass, pages, found,   where a listing stands that has been begun and not ended
///     mark, seen, before
///     leftAloneUntil                     OwnerRez wants an agreement for this list (403)
///
/// It is written once the rows of a page are in the inbox, so that whoever goes on after a kill does that page again.
struct Checkpoint: Sendable, Equatable {
    static let schema = RecordSchema(kind: "a checkpoint's")

    let subject: String
    var since: Timestamp
    var listing: Listing?
    var leftAloneUntil: Timestamp?

    /// A listing of everything since a time, pass by pass. Rows move while others are removed or changed, and whoever goes
    /// by pages does not see what moved over the edge of two. So a listing of several pages is read again, until two passes
    /// one after the other have shown the same rows in the same order: what was removed meanwhile would be in one only.
    struct Listing: Sendable, Equatable {
        /// When it began, by OwnerRez's clock.
        let start: Timestamp
        var page: ListPage.Address
        /// From 1.
        var pass = 1
        /// How many of this pass have been done.
        var pages = 0
        /// What was new in this pass.
        var found = 0
        /// The page that has to come once only: another one after 1, 2, 4, 8, .. pages, so that a circle of any length is
        /// noticed (Brent's algorithm).
        var mark = ""
        /// A digest of the entities that have come in this pass, and of those of the pass before.
        var seen = ""
        var before: String?

        init(from page: ListPage.Address, at start: Timestamp) {
            self.page = page
            self.start = start
        }
    }

    /// What has changed this long before the listing's start is left to the next one: its webhook may be under way.
    static let graceSeconds = 600
    /// How far the next listing reaches back behind that.
    static let overlapSeconds = 60
    private static let mostPasses = 3
    /// A million rows.
    private static let mostPages = 10_000

    /// What is to be done after a page.
    enum Step: Sendable, Equatable {
        case nextPage
        /// The list is done.
        case finished
        /// Rows moved in every pass, and some were new in the last: the next listing begins where this one did.
        case unsettled
    }

    /// Notes that a page's rows are in the inbox.
    ///
    /// - Parameters:
    ///   - entities: of all rows, in their order.
    ///   - found: how many rows were new.
    mutating func note(
        _ entities: [String], found: Int, next: ListPage.Address?, of list: ReconciledList, graceSeconds: Int
    ) throws(ListPage.Problem) -> Step {
        guard var listing else { return .finished }
        listing.pages += 1
        listing.found = listing.found.saturatingAdding(found)
        listing.seen = hexadecimal(sha256(Array((listing.seen + "," + entities.joined(separator: ",")).utf8)))
        if let next {
            try listing.move(to: next)
            guard listing.pages < Self.mostPages else { throw .tooManyPages }
            self.listing = listing
            return .nextPage
        }
        let isSettled = listing.pages == 1 || listing.seen == listing.before
        // Who goes on like this is busy: that nothing was new has to do.
        if isSettled || (listing.pass >= Self.mostPasses && listing.found == 0) {
            // Never back: OwnerRez's clock may have been put right.
            since = max(since, listing.start.adding(seconds: -(graceSeconds + Self.overlapSeconds)))
            self.listing = nil
            return .finished
        }
        guard listing.pass < Self.mostPasses else {
            self.listing = nil
            return .unsettled
        }
        listing.beginPass(at: list.firstPage(since: since))
        self.listing = listing
        return .nextPage
    }
}

extension Checkpoint.Listing {
    fileprivate mutating func move(to next: ListPage.Address) throws(ListPage.Problem) {
        if pages & (pages - 1) == 0 { mark = page.text }
        guard next.text != mark else { throw .goesInACircle }
        page = next
    }

    fileprivate mutating func beginPass(at first: ListPage.Address) {
        before = seen
        (page, pass, pages, found, mark, seen) = (first, pass + 1, 0, 0, "", "")
    }
}

extension Checkpoint {
    /// - Returns: nil where it is another user's, or in no form of ours: then all begins anew.
    init?(_ record: Record, of subject: String) {
        let attributes = record.attributes
        guard attributes["subject"] == subject, let since = attributes.number("since") else { return nil }
        self.subject = subject
        self.since = Timestamp(epochMilliseconds: since)
        leftAloneUntil = attributes.number("leftAloneUntil").map { Timestamp(epochMilliseconds: $0) }
        listing = Listing(attributes)
    }

    init(subject: String, since: Timestamp) {
        self.subject = subject
        self.since = since
    }

    var attributes: [String: String] {
        var attributes = ["subject": subject, "since": since.attribute]
        attributes["leftAloneUntil"] = leftAloneUntil?.attribute
        guard let listing else { return attributes }
        attributes["start"] = listing.start.attribute
        attributes["page"] = listing.page.text
        attributes["pass"] = "\(listing.pass)"
        attributes["pages"] = "\(listing.pages)"
        attributes["found"] = "\(listing.found)"
        attributes["mark"] = listing.mark
        attributes["seen"] = listing.seen
        attributes["before"] = listing.before
        return attributes
    }

    static func key(_ account: Int, _ list: ReconciledList) -> RecordKey {
        RecordKey(partition: "ownerrez-account#\(account)", sort: "checkpoint#\(list.rawValue)")
    }
}

extension Checkpoint.Listing {
    fileprivate init?(_ attributes: [String: String]) {
        guard let start = attributes.number("start"), let page = attributes["page"],
            let pass = attributes.number("pass"),
            let pages = attributes.number("pages"), let found = attributes.number("found"),
            (1...100).contains(pass), (0...1_000_000).contains(pages)
        else { return nil }
        self.init(from: ListPage.Address(page), at: Timestamp(epochMilliseconds: start))
        self.pass = pass
        self.pages = pages
        self.found = max(0, found)
        mark = attributes["mark"] ?? ""
        seen = attributes["seen"] ?? ""
        before = attributes["before"]
    }
}

extension [String: String] {
    fileprivate func number(_ name: String) -> Int? { self[name].flatMap { Int($0) } }
}
