/// Whether Ownli takes our credentials, and for how long its certificate is good.
struct OwnliCheck: Sendable {
    private let api: OwnliAPI
    private let certificate: CertificateCheck

    init(reading settings: inout SettingsReader) {
        api = OwnliAPI(reading: &settings)
        certificate = CertificateCheck(reading: &settings)
    }

    var peerClock: PeerClock { api.peerClock }

    func findings(in work: LongWork) -> [Finding] {
        let token = token(in: work.step())
        return [token]
            + certificate.findings(
                "Ownli's certificate", of: api.baseURL.text, in: work, isReachTold: token.state == .fail)
    }

    private func token(in invocation: Invocation) -> Finding {
        do throws(FunctionError) { try api.checkAdminToken(in: invocation) } catch {
            let isRefused = error.code == "UPSTREAM_REJECTED_CREDENTIALS"
            return Finding(
                .fail, "Ownli",
                isRefused
                    ? "does not take the client id and secret"
                    : "gives no token: \(error.detail ?? error.message)",
                next: isRefused
                    ? "OWNLI_CLIENT_ID, OWNLI_CLIENT_SECRET, OWNLI_PARTNER_ID: as Ownli gave them?"
                    : "run this again in a minute; if it stays so, ask Ownli")
        }
        return Finding(.ok, "Ownli", "gives an admin token (\(api.isProduction ? "production" : "the sandbox"))")
    }
}
