/// The services that may call over HTTP. A person's token never opens these routes.
public struct AllowedCallers: Sendable {
    /// Whether there is anybody.
    public var isEmpty: Bool { identities.isEmpty }

    private let identities: [AllowedCaller]
    private let deed: String

    /// - Parameters:
    ///   - name: the setting that lists them.
    ///   - deed: what they may do: `grant or list rewards`.
    public init(_ name: String, to deed: String, reading settings: inout SettingsReader) {
        self.deed = deed
        let list = settings.optionalText(
            name,
            "services that may \(deed) over HTTP: IAM ARNs and Google service accounts, comma-separated; nobody if not set"
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
    public func admit(_ caller: Caller?) throws(FunctionError) -> String {
        switch caller {
        case nil: throw .notSignedIn
        case .service(let identity) where identities.contains { $0.isSame(as: identity) }: return identity
        case .person, .service: throw FunctionError(403, "FORBIDDEN", "This caller may not \(deed)")
        }
    }
}
