/// Where the certificates of the authorities are that we trust.
///
/// A hashed directory is read lazily, one small file per handshake; a bundle of all authorities costs 14 to 23 ms for
/// each TLS context. So the directory that `scripts/package` puts beside the binary comes first.
struct TrustStore: Sendable {
    /// A bundle in PEM form.
    let file: String?
    /// A directory of `<hash>.0` files, as `openssl rehash` makes it.
    let directory: String?

    private static let systemDirectories = ["/etc/ssl/certs", "/etc/pki/tls/certs"]
    private static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]

    /// For connections that are never TLS.
    static let none = TrustStore(file: nil, directory: nil)

    init(file: String?, directory: String?) {
        self.file = file
        self.directory = directory
    }

    /// SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL has them; else `certs/` beside the binary; else the system's.
    init(reading settings: inout SettingsReader) {
        let file = settings.optionalText("SSL_CERT_FILE", "a bundle of trusted authorities, instead of certs/")
        let directory = settings.optionalText("SSL_CERT_DIR", "a hashed directory of them, instead of certs/")
        if let file, !exists(file) { settings.problem("SSL_CERT_FILE", "the file does not exist") }
        if let directory, !exists(directory) { settings.problem("SSL_CERT_DIR", "the directory does not exist") }
        guard file == nil && directory == nil else {
            self.init(file: file, directory: directory)
            return
        }
        if let certs = executableDirectory().map({ $0 + "/certs" }), exists(certs) {
            self.init(file: nil, directory: certs)
            return
        }
        self.init(
            file: Self.systemFiles.first { exists($0) }, directory: Self.systemDirectories.first { exists($0) })
    }
}
