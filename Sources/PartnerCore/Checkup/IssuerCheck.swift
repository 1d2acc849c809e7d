/// Whether the keys are to be had by which people's tokens are verified.
struct IssuerCheck: Sendable {
    private let source: KeySource?
    private let address: String
    private let certificate: CertificateCheck

    init(reading settings: inout SettingsReader) {
        source = TokenVerifier.keySource(reading: &settings)
        address = settings.environment["AUTH_JWKS_URL"] ?? settings.environment["AUTH_ISSUER"] ?? ""
        certificate = CertificateCheck(reading: &settings)
    }

    func findings(in work: LongWork) -> [Finding] {
        guard let source else { return [] }
        let issuer: Finding
        do throws(KeySourceError) {
            issuer = Finding(
                .ok, "issuer", "publishes \(try source.fetch(in: work.step()).count) keys that can be used")
        } catch {
            issuer = Finding(.fail, "issuer", error.description, next: "AUTH_ISSUER, AUTH_JWKS_URL: are they right?")
        }
        return [issuer]
            + certificate.findings(
                "issuer's certificate", of: address, in: work, isReachTold: issuer.state == .fail)
    }
}
