/// Whether Ownli takes our credentials, and for how long its certificate is good.
struct OwnliCheck: Sendable {
    private let api: OwnliAPI
    private let certificate: CertificateCheck

    init(reading settings: inout SettingsReader) {
        api = OwnliAPI(reading: &settings)
        certificate = CertificateCheck(reading: &settings)
    }

    func findings(in invocation: Invocation) -> [Finding] {
        let certificates = certificate.findings("Ownli's certificate", of: api.baseURL.text, in: invocation)
        do throws(FunctionError) { try api.checkAdminToken(in: invocation) } catch {
            return [
                Finding(
                    .fail, "Ownli", "gives no token: \(error.code), \(error.detail ?? error.message)",
                    next: "README, Settings: OWNLI_CLIENT_ID, OWNLI_CLIENT_SECRET, OWNLI_PARTNER_ID")
            ] + certificates
        }
        let place = api.isProduction ? "production" : "the sandbox"
        return [
            Finding(.ok, "Ownli", "gives an admin token (\(place))"),
            Finding(clock: "clock", api.peerClock.time(at: .now()), of: "Ownli's"),
        ] + certificates
    }
}
