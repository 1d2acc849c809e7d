extension TrustStore {
    /// How many authorities are trusted, and how old what names them is, as far as they tell themselves.
    var finding: Finding {
        let what = "trusted authorities"
        let certificates = certificates
        guard let youngest = certificates.map({ $0.begins }).max() else {
            return Finding(
                .fail, what, "there are none: nothing can be called over TLS",
                next: "certs/ belongs beside the binary, as scripts/package makes it; else SSL_CERT_DIR")
        }
        let now = Timestamp.now()
        let expired = certificates.filter { $0.ends < now }.count
        let found = "\(certificates.count), the youngest of \(youngest.day), \(expired) expired"
        // A few of any collection have: authorities do not die on one day.
        guard expired * 10 <= certificates.count else {
            return Finding(.warn, what, found, next: "build again, with what Debian has now: README, Packaging")
        }
        return Finding(.ok, what, found)
    }

    private var certificates: [Certificate] {
        if let file { return Certificate.all(in: (try? readFile(file)) ?? []) }
        guard let directory else { return [] }
        return fileNames(in: directory).flatMap { Certificate.all(in: (try? readFile("\(directory)/\($0)")) ?? []) }
    }
}
