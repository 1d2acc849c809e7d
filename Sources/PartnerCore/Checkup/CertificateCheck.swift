/// For how long servers' certificates are good.
struct CertificateCheck: Sendable {
    private let http: HTTPClient

    /// Issuers renew a month before the end; what is nearer has been forgotten.
    private static let nearDays = 14

    init(reading settings: inout SettingsReader) { http = HTTPClient(reading: &settings) }

    /// - Returns: none where nothing is encrypted: on loopback.
    func findings(_ what: String, of url: String, in invocation: Invocation) -> [Finding] {
        guard url.hasPrefix("https://") else { return [] }
        do throws(HTTPError) {
            guard let end = try http.certificateEnd(of: url, in: invocation) else { return [] }
            let days = end.milliseconds(since: .now()) / 86_400_000
            let found = "is good for \(days) more days, until \(end.rfc3339)"
            guard days <= Self.nearDays else { return [Finding(.ok, what, found)] }
            return [Finding(.warn, what, found, next: "ask those who run it to renew it")]
        } catch {
            return [
                Finding(.fail, what, error.description, next: "ask those who run it; else SSL_CERT_FILE, HTTPS_PROXY")
            ]
        }
    }
}
