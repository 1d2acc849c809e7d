/// For how long servers' certificates are good.
struct CertificateCheck: Sendable {
    private let http: HTTPClient

    /// Issuers renew a month before the end; what is nearer has been forgotten.
    private static let nearDays = 14

    init(reading settings: inout SettingsReader) { http = HTTPClient(reading: &settings) }

    /// - Parameter isReachTold: whether a finding beside this one tells that the server cannot be reached.
    /// - Returns: none where nothing is encrypted, on loopback; and where there is nothing more to tell.
    func findings(
        _ what: String, of url: String, in work: LongWork, isReachTold: Bool = false
    ) -> [Finding] {
        guard url.hasPrefix("https://") else { return [] }
        do throws(HTTPError) {
            guard let end = try http.certificateEnd(of: url, in: work.step()) else { return [] }
            let days = end.milliseconds(since: .now()) / 86_400_000
            let found = "is good for \(days) more days, until \(end.day)"
            guard days <= Self.nearDays else { return [Finding(.ok, what, found)] }
            return [Finding(.warn, what, found, next: "ask those who run it to renew it")]
        } catch {
            if case .notTrusted = error {
                return [
                    Finding(
                        .fail, what, error.description,
                        next: "ask those who run it; where a proxy opens TLS: SSL_CERT_FILE")
                ]
            }
            guard !isReachTold else { return [] }
            return [Finding(.fail, what, "cannot be asked for: \(error.description)", next: "is the address right?")]
        }
    }
}
