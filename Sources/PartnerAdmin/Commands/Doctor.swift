import PartnerCore

extension Command {
    /// For which whoever does not answer is waited for.
    private static let patienceMilliseconds = 10_000

    static let doctor = Command(
        name: ["doctor"],
        summary: "looks at all that the settings name: what is wrong first, with what to do next",
        layout: .table([
            .init("state", 8), .init("what", 22), .init("found", 64, .wrapped), .init("next", 0, .below),
        ])
    ) { settings in
        let checkup = Checkup(reading: &settings)
        return { (_, session) throws(AdminError) in
            let findings = checkup.run(
                in: LongWork(
                    step: { session.invocation(atMostMilliseconds: patienceMilliseconds) },
                    tell: { session.progress.tell($0) }))
            for finding in findings {
                try session.output.row([
                    "state": .string(finding.state.rawValue), "what": .string(finding.what),
                    "found": .string(finding.found), "next": finding.next.map { .string($0) } ?? .null,
                ])
            }
            if findings.contains(where: { $0.state == .fail }) { session.tellOfTrouble() }
            try session.output.summary(
                .object(
                    Finding.State.allCases.map { state in
                        JSON.Member(state.rawValue, .integer(findings.filter { $0.state == state }.count))
                    }))
        }
    }
}
