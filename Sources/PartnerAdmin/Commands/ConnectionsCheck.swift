import CSystem
import PartnerCore

extension Command {
    static let connectionsCheck = Command(
        name: ["connections", "check"],
        summary: "asks OwnerRez whether it still takes the connection, as ?check=true does",
        parameters: [Parameter("ACCOUNT", "an account's id", isOptional: true)],
        options: [Option("--all", "every connection, as fast as the rate budget allows")],
        layout: .table([.init("account", 12), .init("status", 10), .init("reason", 60)]), partner: .ownerRez
    ) { settings in
        let store = RecordStore(reading: &settings)
        let check = ConnectionCheck(reading: &settings, store)
        return { (arguments, session) throws(AdminError) in
            guard let text = arguments.option("ACCOUNT") else {
                guard arguments.has("--all") else { throw .usage("an ACCOUNT, or --all") }
                return try checkAll(ConnectionList(store), check, session)
            }
            guard !arguments.has("--all") else { throw .usage("an ACCOUNT or --all, not both") }
            guard try tell(check, accountID(text), session) else {
                throw .notFound("Nobody has connected this account")
            }
        }
    }

    private static func checkAll(
        _ list: ConnectionList, _ check: ConnectionCheck, _ session: Session
    ) throws(AdminError) {
        var (count, next): (Int, String?) = (0, nil)
        repeat {
            let page = try keeping { () throws(StoreError) in try list.page(after: next, in: session.invocation()) }
            for entry in page.unreadable {
                session.tellOfTrouble()
                try session.output.row([
                    "account": .string("\(entry.account)"), "status": "unknown", "reason": .string(entry.reason),
                ])
            }
            for entry in page.entries {
                // One that has gone meanwhile is no concern.
                _ = try tell(check, entry.account, session)
                count += 1
                session.progress.tell("\(count) connections")
            }
            next = page.next
        } while next != nil
    }

    /// - Returns: false when nobody has connected the account.
    private static func tell(
        _ check: ConnectionCheck, _ account: Int, _ session: Session
    ) throws(AdminError) -> Bool {
        var row: JSON = ["account": .string("\(account)")]
        do throws(FunctionError) {
            guard
                let standing = try patiently(
                    session,
                    { (invocation) throws(FunctionError) in
                        try check.standing(account: account, in: invocation)
                    })
            else { return false }
            row.add("status", .string(standing.rawValue))
            if standing != .active { session.tellOfTrouble() }
        } catch {
            // Without the store or the time there is nothing more to be asked.
            guard error.code != "STORE_UNAVAILABLE" else { throw .failed(error) }
            row.add("status", "unknown")
            row.add("reason", .string("\(error.code): \(AdminError.failed(error).message)"))
            session.tellOfTrouble()
        }
        try session.output.row(row)
        return true
    }
}

func accountID(_ text: String) throws(AdminError) -> Int {
    guard let account = Int(text), account > 0, "\(account)" == text else {
        throw .usage("\(text) is no account: they are numbers")
    }
    return account
}

/// Waits where OwnerRez's budget is spent, as long as there is time.
func patiently<Result>(
    _ session: Session, _ work: (Invocation) throws(FunctionError) -> Result
) throws(FunctionError) -> Result {
    while true {
        do throws(FunctionError) { return try work(session.invocation()) } catch {
            guard error.code == "UPSTREAM_BUSY", let seconds = error.retryAfter, session.hasTime(seconds: seconds)
            else { throw error }
            session.progress.tell("OwnerRez takes no more for now: waiting for \(seconds) s")
            sleep(milliseconds: seconds * 1000)
        }
    }
}
