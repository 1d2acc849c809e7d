/// Whether OwnerRez takes our app's id and secret, and for how long its certificate is good.
struct OwnerRezCheck: Sendable {
    private let endpoint: OwnerRezTokenEndpoint
    private let redirectURI: String?
    private let certificate: CertificateCheck

    init(reading settings: inout SettingsReader) {
        endpoint = OwnerRezTokenEndpoint(reading: &settings)
        redirectURI = settings.optionalText(
            "OWNERREZ_REDIRECT_URI", "where OwnerRez sends people back to, exactly as in the app's settings there")
        certificate = CertificateCheck(reading: &settings)
    }

    var peerClock: PeerClock { endpoint.api.http.peerClock }

    func findings(in work: LongWork) -> [Finding] {
        let client = client(in: work.step())
        return [client]
            + certificate.findings(
                "OwnerRez's certificate", of: endpoint.api.baseURL.text, in: work, isReachTold: client.state == .fail)
    }

    /// A code that nobody has issued is refused as such, unless the client is refused first.
    private func client(in invocation: Invocation) -> Finding {
        let parameters =
            [("grant_type", "authorization_code"), ("code", "check")]
            + (redirectURI.map { [("redirect_uri", $0)] } ?? [])
        do throws(OwnerRezError) { _ = try endpoint.ask(parameters, in: invocation) } catch {
            switch error {
            case .grantRefused: return Finding(.ok, "OwnerRez", "takes the client id and secret")
            case .refused:
                return Finding(.ok, "OwnerRez", "answers; whether it takes the client id and secret, it does not say")
            case .clientRejected:
                return Finding(
                    .fail, "OwnerRez", "does not take the client id and secret",
                    next: "OWNERREZ_CLIENT_ID, OWNERREZ_CLIENT_SECRET: as in your OwnerRez app?")
            case .busy, .failing, .unreachable, .unexpectedAnswer:
                return Finding(
                    .fail, "OwnerRez", "cannot be used: \(error.description)",
                    next: "run this again in a minute; if it stays so, ask OwnerRez")
            }
        }
        return Finding(
            .warn, "OwnerRez", "gives a token for a code that nobody has issued", next: "is OWNERREZ_API_URL right?")
    }
}
