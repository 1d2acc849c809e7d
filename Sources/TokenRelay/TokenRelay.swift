import PartnerCore

/// Hands a signed-in user of the app a user-scoped token of Ownli's. The credentials that buy it never leave the server.
@main
struct TokenRelay: Function {
    static let about = About(
        name: "token-relay", summary: "gives the app's signed-in users a user-scoped token for Ownli")

    private let ownli: OwnliAPI
    /// The token is the partner's, not the person's, so that one may serve all. Nil: a fresh one for every call, as
    /// Ownli's guide has it.
    private let shared: TokenCache<OwnliError>?
    private let recipients: Recipients

    init(reading settings: inout SettingsReader) {
        ownli = OwnliAPI(reading: &settings)
        let isShared = settings.choice(
            "OWNLI_USER_TOKEN_CACHE", default: "off", [("off", false), ("on", true)],
            "share one user token until 5 minutes before it expires")
        shared = isShared ? TokenCache() : nil
        recipients = Recipients(reading: &settings)
    }

    var routes: [Route] { [Route("POST", "/api/ownli/token", for: .people, relay)] }

    var probes: [Probe] {
        [
            Probe("Ownli gives a user token") { [ownli] invocation throws(FunctionError) in
                _ = try ownli.userToken(in: invocation)
            }
        ] + recipients.probes
    }

    var preparations: [Preparation] {
        [{ [ownli, shared] in ownli.prepareUserToken(sharedIn: shared, in: $0) }] + recipients.preparations
    }

    @Sendable private func relay(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let token = try recipients.token(for: request.person(), in: invocation) { () throws(FunctionError) in
            try ownli.userToken(sharedIn: shared, in: invocation)
        }
        return .json(
            200,
            [
                "access_token": .string(token.secret.reveal()), "expires_in": .integer(token.secondsLeft),
                "scope": .string(AccessToken.Scope.user.rawValue),
            ])
    }
}
