extension RecordStore {
    /// Whether it answers, in which shape it is, and what time it has.
    func findings(in invocation: Invocation) -> [Finding] {
        let started = Instant.now()
        do throws(FunctionError) { try probe.run(invocation) } catch {
            return [
                Finding(
                    .fail, "store", "does not answer: \(error.detail ?? error.message)",
                    next: "README, Settings: STORE_URL, and the credentials of its cloud")
            ]
        }
        let milliseconds = started.elapsedMicroseconds / 1000
        let answers = Finding(.ok, "store", "\(kind) answers, in \(milliseconds) ms")
        return [answers] + shape(in: invocation) + clock
    }

    private var kind: String {
        switch self {
        case .sqlite: "SQLite"
        case .dynamoDB: "DynamoDB"
        case .firestore: "Firestore"
        case .notOpened: "none"
        }
    }

    private func shape(in invocation: Invocation) -> [Finding] {
        switch self {
        case .sqlite(let store): [store.integrity(in: invocation)]
        case .dynamoDB(let store): store.shape(in: invocation)
        // Its expiry policy is not to be had with the rights of data alone.
        case .firestore, .notOpened: []
        }
    }

    /// By the last answer of the service; a file has the machine's own time.
    private var clock: [Finding] {
        switch self {
        case .dynamoDB, .firestore: [Finding(clock: "clock", time, of: "the store's")]
        case .sqlite, .notOpened: []
        }
    }
}

extension SQLiteStore {
    /// Its rights were looked at when it was opened.
    fileprivate func integrity(in invocation: Invocation) -> Finding {
        do throws(StoreError) {
            let found = try withConnection(in: invocation) { (connection) throws(StoreError) in
                try connection.runOnce("PRAGMA quick_check(1)") ?? ""
            }
            guard found == "ok" else {
                return Finding(.fail, "store's file", "is damaged", next: "restore it from a backup")
            }
            return Finding(.ok, "store's file", "is whole, and for its owner alone")
        } catch {
            return Finding(
                .fail, "store's file", "cannot be looked through: \(error.reason)", next: "restore it from a backup")
        }
    }
}

extension Finding {
    /// How far this machine's clock is from another one, whose time is told in whole seconds.
    init(clock what: String, _ time: Timestamp, of whose: String) {
        let difference = time.milliseconds(since: .now())
        let seconds = Int(difference.magnitude / 1000)
        let words =
            seconds < 2
            ? "is right, by \(whose)" : "is \(seconds) s \(difference > 0 ? "behind" : "ahead of") \(whose)"
        // AWS takes no signature that is five minutes off.
        let state: State = seconds < 10 ? .ok : seconds < 240 ? .warn : .fail
        self.init(state, what, words, next: state == .ok ? nil : "set this machine's clock: timedatectl set-ntp true")
    }
}
