import PartnerCore

extension Command {
    static let usersImport = Command(
        name: ["users", "import"],
        summary: "links users whose Ownli user you know already; rows tell what was refused",
        parameters: [
            Parameter(
                "FILE",
                "CSV with the header internalId,ownliUserId, or JSON lines with these members; -: standard input")
        ],
        layout: .table([.init("line", 9), .init("reason", 60)]), changesData: true
    ) { settings in
        let store = RecordStore(reading: &settings)
        let trail = OperatorTrail(store, IdentifierHash(reading: &settings))
        let links = LinkImport(store)
        return { (arguments, session) throws(AdminError) in
            var file = LinkFile(try session.input(arguments["FILE"]))
            var totals = ImportTotals()
            try trail.record(session) { (counts) throws(AdminError) in
                repeat {
                    try session.checkTime()
                    let lines = try file.next(atMost: links.windowSize)
                    guard !lines.isEmpty else { break }
                    let reasons = try take(lines, links, session, counts, &totals)
                    for (line, reason) in reasons {
                        try session.output.row(["line": .integer(line), "reason": .string(reason)])
                    }
                    let text = totals.text
                    session.progress.tell(text)
                } while true
            }
            if totals.refused > 0 { session.tellOfTrouble() }
            try session.output.summary(totals.summary(isDryRun: session.isDryRun))
        }
    }

    /// - Returns: what was refused, and why.
    private static func take(
        _ lines: [LinkFile.Line], _ links: LinkImport, _ session: Session, _ counts: OperatorTrail.Counts,
        _ totals: inout ImportTotals
    ) throws(AdminError) -> [(line: Int, reason: String)] {
        let result = links.take(
            lines.compactMap { try? $0.content.get() }, isDryRun: session.isDryRun, at: .now(),
            in: { session.invocation() })
        var outcomes = result.outcomes[...]
        var refused: [(line: Int, reason: String)] = []
        for line in lines {
            switch line.content {
            case .failure(let error): refused.append((line.number, error.rawValue))
            case .success:
                // Where the store failed there is none: the line is not done, and comes again.
                guard let outcome = outcomes.removeFirst() else { continue }
                if let reason = outcome.refusal { refused.append((line.number, reason)) }
                if outcome == .linked { totals.linked += 1 }
                if outcome == .alreadyLinked { totals.alreadyLinked += 1 }
            }
        }
        totals.refused += refused.count
        totals.tell(counts)
        if let failure = result.failure { throw .failed(failure.functionError) }
        return refused
    }
}

/// How far an import has come.
private struct ImportTotals {
    var linked = 0
    var alreadyLinked = 0
    var refused = 0
    private var told = (linked: 0, alreadyLinked: 0, refused: 0)

    var lines: Int { linked + alreadyLinked + refused }

    var text: String { "\(lines) lines: \(linked) linked, \(alreadyLinked) before, \(refused) refused" }

    /// What has come since the last time.
    mutating func tell(_ counts: OperatorTrail.Counts) {
        counts.add("linked", linked - told.linked)
        counts.add("alreadyLinked", alreadyLinked - told.alreadyLinked)
        counts.add("refused", refused - told.refused)
        told = (linked, alreadyLinked, refused)
    }

    func summary(isDryRun: Bool) -> JSON {
        [
            "lines": .integer(lines), "linked": .integer(linked), "alreadyLinked": .integer(alreadyLinked),
            "refused": .integer(refused), "dryRun": .bool(isDryRun),
        ]
    }
}

extension LinkFile {
    /// The next lines, as long as there are any.
    fileprivate mutating func next(atMost count: Int) throws(AdminError) -> [Line] {
        var lines: [Line] = []
        while lines.count < count, let line = try next() { lines.append(line) }
        return lines
    }
}

extension LinkImport.Outcome {
    /// Nil where the link stands.
    fileprivate var refusal: String? {
        switch self {
        case .linked, .alreadyLinked: nil
        case .linkedToAnother: "the user is linked to another Ownli user"
        case .takenByAnother: "the Ownli user is linked to another user"
        case .withdrawn: "the user has withdrawn, and would have to opt in"
        }
    }
}
