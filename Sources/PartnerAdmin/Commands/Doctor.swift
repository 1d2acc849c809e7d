import PartnerCore

extension Command {
    static let doctor = Command(
        name: ["doctor"],
        summary: "looks at all that the settings name: what is well, what is not, and what to do next",
        layout: .table([.init("state", 5), .init("what", 22), .init("found", 62), .init("next", 40)])
    ) { settings in
        let checkup = Checkup(reading: &settings)
        return { (_, session) throws(AdminError) in
            var counts: [(state: Finding.State, count: Int)] = [(.ok, 0), (.warn, 0), (.fail, 0)]
            for finding in checkup.run(in: { session.invocation() }) {
                try session.output.row([
                    "state": .string(finding.state.rawValue), "what": .string(finding.what),
                    "found": .string(finding.found), "next": finding.next.map { .string($0) } ?? .null,
                ])
                for index in counts.indices where counts[index].state == finding.state { counts[index].count += 1 }
            }
            if counts[2].count > 0 { session.tellOfTrouble() }
            try session.output.summary(
                .object(counts.map { JSON.Member($0.state.rawValue, .integer($0.count)) }))
        }
    }
}
