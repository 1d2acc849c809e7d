import PartnerCore

/// To whom tokens are given. A user token of Ownli's is the partner's, not one person's: it opens the record of every
/// user whose id, phone number or e-mail address its holder knows.
enum Recipients: Sendable {
    /// People who have opted in to Ownli, and so have a link.
    case linked(RecordStore)
    /// Everyone who is signed in.
    case anyone

    init(reading settings: inout SettingsReader) {
        let isForLinked = settings.choice(
            "RELAY_TO", default: "linked", [("linked", true), ("anyone", false)],
            "who gets a token: linked: people who have opted in; anyone: everyone who is signed in")
        // Opening a store that nobody reads would cost a setting and, with SQLite, a millisecond.
        guard isForLinked || settings.isDescribing else {
            self = .anyone
            return
        }
        self = .linked(RecordStore(reading: &settings))
    }

    /// A person's token, if it may be theirs. The link is read while Ownli is asked, so that it costs no time of its own.
    ///
    /// - Parameter ask: asks Ownli for the token.
    func token(
        for person: Caller.Person, in invocation: Invocation,
        from ask: () throws(FunctionError) -> AccessToken
    ) throws(FunctionError) -> AccessToken {
        guard let store else { return try ask() }
        let (token, link) = together(
            { Result { () throws(FunctionError) in try ask() } },
            {
                Result { () throws(FunctionError) in
                    try storing { () throws(StoreError) in
                        try UserLinks(store).link(subject: person.subject, in: invocation)
                    }
                }
            })
        guard try link.get() != nil else { throw .notOptedIn }
        return try token.get()
    }

    var probes: [Probe] { store.map { [$0.probe] } ?? [] }

    var preparations: [Preparation] { store?.preparations ?? [] }

    /// Where it is looked up who has opted in.
    private var store: RecordStore? {
        switch self {
        case .linked(let store): store
        case .anyone: nil
        }
    }
}

extension FunctionError {
    fileprivate static let notOptedIn = FunctionError(403, "NOT_LINKED", "You have not opted in to Ownli yet")
}
