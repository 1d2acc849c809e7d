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

    func findings(in invocation: Invocation) -> [Finding] {
        guard let source else { return [] }
        let certificates = certificate.findings("issuer's certificate", of: address, in: invocation)
        do throws(KeySourceError) {
            let keys = try source.fetch(in: invocation)
            return [Finding(.ok, "issuer", "publishes \(keys.count) keys that can be used")] + certificates
        } catch {
            return [
                Finding(
                    .fail, "issuer", error.description, next: "README, Settings: AUTH_ISSUER, AUTH_JWKS_URL")
            ] + certificates
        }
    }
}
