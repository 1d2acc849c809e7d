import PartnerCore

/// The services that may call over HTTP. A person's token never opens these routes.
struct AllowedCallers {
    private let identities: [AllowedCaller]

    init(reading settings: inout SettingsReader) {
        let name = "REWARD_ALLOWED_CALLERS"
        let list = settings.optionalText(
            name,
            "services that may call over HTTP: IAM ARNs and Google service accounts, comma-separated; nobody if not set"
        )
        var identities: [AllowedCaller] = []
        for text in list?.commaSeparated ?? [] {
            do throws(AllowedCaller.Unfit) { identities.append(try AllowedCaller(text)) } catch {
                settings.problem(name, "\(text) \(error.reason)")
            }
        }
        if let list, list.commaSeparated.isEmpty { settings.problem(name, "lists nobody") }
        // IAM's word comes in a gateway's event. One list may be for several platforms, so ARNs are well beside others.
        if settings.environment.servesHTTP, !identities.isEmpty, identities.allSatisfy({ $0.isOfIAM }) {
            settings.problem(name, "lists ARNs only, and over HTTP (PORT) only Google's service accounts are known")
        }
        self.identities = identities
    }

    /// - Returns: the identity.
    func admit(_ caller: Caller?) throws(FunctionError) -> String {
        switch caller {
        case nil: throw .notSignedIn
        case .service(let identity) where identities.contains { $0.isSame(as: identity) }: return identity
        case .person, .service: throw FunctionError(403, "FORBIDDEN", "This caller may not grant or list rewards")
        }
    }
}
