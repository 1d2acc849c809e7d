import PartnerCore

extension Command {
    static let all = [
        usersShow,
        usersImport,
        usersUnlink,
        consentsList,
        consentsExport,
        consentsVerifyReceipt,
        consentsReceiptKey,
        personExport,
        personErase,
        connectionsList,
        connectionsCheck,
        connectionsDisconnect,
        eventsList,
        eventsShow,
        eventsRedrive,
        rewardsAudit,
        rewardsTotals,
        rewardsRedrive,
        auditList,
        storeMigrate,
        tokensReseal,
        doctor,
    ]

    /// The command that words begin with, and what follows it.
    static func find(_ words: [String]) throws(AdminError) -> (Command, rest: [String]) {
        guard let command = all.first(where: { words.starts(with: $0.name) }) else {
            let known = all.filter { $0.name.first == words.first }.map { $0.usage }
            throw .usage(
                known.isEmpty
                    ? "there is no such command; partner-admin --help lists them"
                    : "there is no such command; there are: \(known.joined(separator: ", "))")
        }
        return (command, Array(words.dropFirst(command.name.count)))
    }

    /// What is ready to run, once its settings are read.
    func work(_ environment: Environment) throws(AdminError) -> Work {
        let prepare = prepare
        var settings = SettingsReader(environment, declaredBy: { settings in _ = prepare(&settings) })
        settings.storeHasToExist = true
        let work = prepare(&settings)
        guard settings.problems.isEmpty else {
            let problems = settings.problems.map { "\n  \($0.description)" }.joined()
            throw .settings(problems + (partner?.absence(in: environment) ?? ""))
        }
        return work
    }

    static var overview: String {
        let width = all.map { $0.usage.utf8.count }.max() ?? 0
        let lines = all.map { "  \(padded($0.usage, to: width))  \($0.summary)\n" }.joined()
        return """
            partner-admin: looks after what the functions keep, by the same settings

            usage: partner-admin COMMAND [OPTION...]

            \(lines)
            partner-admin COMMAND --help tells a command's options and the settings that it reads.

            exit status: 0 done; 1 the store or a partner failed, or rows tell of what was refused or is wrong; 2 wrong
            usage or settings; 3 there is nothing like it; 4 stopped before the end, run it again
            """ + "\n"
    }
}
