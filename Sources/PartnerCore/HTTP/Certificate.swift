import COpenSSL
import CSystem

/// From when to when a certificate is good (RFC 5280 section 4.1.2.5).
struct Certificate: Sendable, Equatable {
    let begins: Timestamp
    let ends: Timestamp

    /// What certificates a text in PEM form holds; none where it holds something else.
    static func all(in text: [UInt8]) -> [Certificate] {
        var certificates: [Certificate] = []
        let input = BIO_new_mem_buf(text, Int32(text.count))
        defer { BIO_free(input) }
        while let parsed = PEM_read_bio_X509(input, nil, nil, nil) {
            defer { X509_free(parsed) }
            if let begins = Timestamp(X509_get0_notBefore(parsed)), let ends = Timestamp(X509_get0_notAfter(parsed)) {
                certificates.append(Certificate(begins: begins, ends: ends))
            }
        }
        // That there are no more is an error to OpenSSL, and would be the next one's who asks for the last.
        ERR_clear_error()
        return certificates
    }
}

extension Timestamp {
    /// Nil for what is no time.
    fileprivate init?(_ time: UnsafePointer<ASN1_TIME>?) {
        var fields = tm()
        guard ASN1_TIME_to_tm(time, &fields) == 1 else { return nil }
        self.init(epochSeconds: timegm(&fields))
    }
}
