import PartnerCore

extension Command {
    static let consentsList = Command(
        name: ["consents", "list"], summary: "who has agreed to which documents when, and who has withdrawn that",
        options: [
            Option("--subject", "SUBJECT", "of this user alone"),
            Option("--withdrawn", "only what was withdrawn"),
        ],
        layout: .table([
            .init("subject", 36), .init("version", 12), .init("acceptedAt", 24), .init("withdrawnAt", 24),
            .init("reason", 0),
        ])
    ) { settings in
        let store = RecordStore(reading: &settings)
        return { (arguments, session) throws(AdminError) in
            try forEachPerson(arguments.option("--subject"), store, session) { (history) throws(AdminError) in
                for row in history.rows where !arguments.has("--withdrawn") || row["withdrawnAt"]?.present != nil {
                    try session.output.row(row)
                }
            }
        }
    }

    static let consentsExport = Command(
        name: ["consents", "export"], summary: "every consent and every withdrawal that is kept, one a line",
        options: [Option("--subject", "SUBJECT", "of this user alone")], layout: .lines
    ) { settings in
        let store = RecordStore(reading: &settings)
        return { (arguments, session) throws(AdminError) in
            try forEachPerson(arguments.option("--subject"), store, session) { (history) throws(AdminError) in
                for consent in history.consents { try session.output.row(consent.json) }
                for withdrawal in history.withdrawals { try session.output.row(withdrawal.json) }
            }
        }
    }

    private static func forEachPerson(
        _ subject: String?, _ store: RecordStore, _ session: Session,
        _ tell: (ConsentHistory) throws(AdminError) -> Void
    ) throws(AdminError) {
        if let subject {
            let history = try keeping { () throws(StoreError) in
                try Consents(store).history(subject: subject, in: session.invocation())
            }
            guard !history.consents.isEmpty || !history.withdrawals.isEmpty else {
                throw .notFound("Nothing is known of what this user has agreed to")
            }
            return try tell(history)
        }
        var (scan, count) = (ConsentScan(store), 0)
        while let person = try keeping({ () throws(StoreError) in try scan.person { session.invocation() } }) {
            try session.checkTime()
            switch person.history {
            case .success(let history): try tell(history)
            case .failure(let error):
                session.tellOfTrouble()
                try session.output.row([
                    "kind": "unreadable", "subject": .string(person.subject), "reason": .string(error.reason),
                ])
            }
            count += 1
            session.progress.tell("\(count) people")
        }
    }
}

extension ConsentHistory {
    /// One for each consent; and for a withdrawal that found none, as where a link was imported.
    fileprivate var rows: [JSON] {
        func row(_ version: JSON, _ acceptedAt: Timestamp?, _ withdrawnAt: Timestamp?) -> JSON {
            [
                "subject": .string(subject), "version": version,
                "acceptedAt": acceptedAt.map { .string($0.rfc3339) } ?? .null,
                "withdrawnAt": withdrawnAt.map { .string($0.rfc3339) } ?? .null,
            ]
        }
        let agreed = consents.map { row(.string($0.documents.version), $0.acceptedAt, end(of: $0)?.withdrawnAt) }
        return agreed + withdrawals.filter { $0.documents.isEmpty }.map { row(.null, nil, $0.withdrawnAt) }
    }
}

extension Consent {
    fileprivate var json: JSON {
        [
            "kind": "consent", "subject": .string(subject), "documents": documents.json,
            "acceptedAt": .string(acceptedAt.rfc3339), "period": .integer(period),
            "keptUntil": keptUntil.map { .string($0.rfc3339) } ?? .null,
        ]
    }
}

extension Withdrawal {
    fileprivate var json: JSON {
        [
            "kind": "withdrawal", "subject": .string(subject), "documents": .array(documents.map { $0.json }),
            "withdrawnAt": .string(withdrawnAt.rfc3339), "period": .integer(period),
            "ownliUserId": ownliUserID.map { .string($0) } ?? .null,
        ]
    }
}

extension ConsentDocuments {
    fileprivate var json: JSON {
        ["termsUrl": .string(termsURL), "privacyUrl": .string(privacyURL), "version": .string(version)]
    }
}
