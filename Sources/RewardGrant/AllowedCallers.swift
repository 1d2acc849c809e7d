import PartnerCore

/// The services that may call over HTTP. A person's token never opens these routes.
struct AllowedCallers {
    private let identities: [String]

    init(reading settings: inout SettingsReader) {
        let list = settings.optionalText(
            "REWARD_ALLOWED_CALLERS",
            "services that may call over HTTP: IAM ARNs and Google service accounts, comma-separated; nobody if not set"
        )
        identities = list?.commaSeparated ?? []
        if let bad = identities.first(where: { !$0.hasPrefix("arn:") && !isServiceAccount($0) }) {
            settings.problem(
                "REWARD_ALLOWED_CALLERS", "\(bad) is neither an ARN nor a service account's e-mail address")
        }
    }

    func admit(_ caller: Caller?) throws(FunctionError) {
        switch caller {
        case nil: throw .notSignedIn
        case .service(let identity) where identities.contains { isSame($0, identity) }: return
        case .person, .service: throw FunctionError(403, "FORBIDDEN", "This caller may not grant or list rewards")
        }
    }

    /// A listed role stands for every session of it: `arn:aws:iam::1:role/path/name` for
    /// `arn:aws:sts::1:assumed-role/name/session`. (AWS, IAM identifiers: the session's ARN leaves the path out.)
    private func isSame(_ listed: String, _ identity: String) -> Bool {
        guard listed != identity else { return true }
        let role = listed.split(separator: ":", omittingEmptySubsequences: false)
        let session = identity.split(separator: ":", omittingEmptySubsequences: false)
        guard role.count == 6, session.count == 6, role[2] == "iam", session[2] == "sts", role[1] == session[1],
            role[4] == session[4]
        else { return false }
        let rolePath = role[5].split(separator: "/")
        let sessionPath = session[5].split(separator: "/")
        return rolePath.count >= 2 && rolePath[0] == "role" && sessionPath.count == 3
            && sessionPath[0] == "assumed-role" && rolePath.last == sessionPath[1]
    }
}

/// `name@project.iam.gserviceaccount.com`, or one of Google's own.
private func isServiceAccount(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && parts[1].hasSuffix(".gserviceaccount.com")
}
