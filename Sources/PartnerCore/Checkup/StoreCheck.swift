/// Whether the store answers, in which shape it is, and how what lies in it stands.
struct StoreCheck: Sendable {
    private let store: RecordStore
    /// Nil where no key is known, or none that could be used.
    private let sealer: TokenSealer?

    init(_ store: RecordStore, _ sealer: TokenSealer?) {
        self.store = store
        self.sealer = sealer
    }

    func findings(in work: LongWork) -> [Finding] {
        let started = Instant.now()
        do throws(FunctionError) { try store.probe.run(work.step()) } catch {
            let unanswered = Finding(
                .fail, "store", "does not answer: \(error.detail ?? error.message)",
                next: "STORE_URL, and its cloud's credentials: partner-admin doctor --help")
            return [unanswered] + whyNot(in: work) + [Finding(.leftOut, "what is in the store", "it does not answer")]
        }
        let answers = Finding(.ok, "store", "\(kind) answers, in \(started.elapsedMicroseconds / 1000) ms")
        return [answers] + shape(in: work) + content(in: work)
    }

    private var kind: String {
        switch store {
        case .sqlite: "SQLite"
        case .dynamoDB: "DynamoDB"
        case .firestore: "Firestore"
        case .notOpened: "none"
        }
    }

    private func shape(in work: LongWork) -> [Finding] {
        switch store {
        case .sqlite(let store): [store.integrity(in: work.step())]
        case .dynamoDB(let store): store.shape(in: work)
        // Its expiry policy is not to be had with the rights of data alone.
        case .firestore, .notOpened: []
        }
    }

    /// A table with other keys cannot even be asked for a record.
    private func whyNot(in work: LongWork) -> [Finding] {
        guard case .dynamoDB(let store) = store else { return [] }
        return [store.keys(in: work.step())].filter { $0.state == .fail }
    }

    private func content(in work: LongWork) -> [Finding] {
        let connections = ConnectionsCheck(store, sealer).findings(in: work)
        let events = EventsCheck(store).findings(in: work)
        guard connections.isEmpty, events == [EventsCheck.none] else { return connections + events }
        return [Finding(.leftOut, "connections, events", "there are none in the store")]
    }
}

extension SQLiteStore {
    /// Its rights were looked at when it was opened.
    fileprivate func integrity(in invocation: Invocation) -> Finding {
        let (what, next) = ("store's file", "restore it from a backup")
        do throws(StoreError) {
            let found = try withConnection(in: invocation) { (connection) throws(StoreError) in
                try connection.runOnce("PRAGMA quick_check(1)") ?? ""
            }
            guard found == "ok" else { return Finding(.fail, what, "is damaged", next: next) }
            return Finding(.ok, what, "is whole, and for its owner alone")
        } catch {
            return Finding(.fail, what, "cannot be looked through: \(error.reason)", next: next)
        }
    }
}

extension Finding {
    /// How far another clock, which tells whole seconds, is from this machine's.
    init(clock offsetMilliseconds: Int, by whose: String) {
        let seconds = Int(offsetMilliseconds.magnitude / 1000)
        let found =
            seconds < 2
            ? "is right, by \(whose)" : "is \(seconds) s \(offsetMilliseconds > 0 ? "behind" : "ahead of") \(whose)"
        // AWS takes no signature that is five minutes off.
        let state: State = seconds < 10 ? .ok : seconds < 240 ? .warn : .fail
        self.init(state, "clock", found, next: state == .ok ? nil : "timedatectl set-ntp true")
    }
}
