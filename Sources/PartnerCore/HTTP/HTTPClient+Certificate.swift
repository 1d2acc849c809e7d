extension HTTPClient {
    /// Until when a server's own certificate is good, by a call that asks for nothing else. What cannot be trusted is an
    /// error, as for every call.
    ///
    /// - Returns: nil where nothing is encrypted.
    func certificateEnd(of url: String, in invocation: Invocation) throws(HTTPError) -> Timestamp? {
        var request = HTTPRequest(
            name: "GET certificate", method: "GET", url: url, longestMilliseconds: 5_000, mayBeSentTwice: false,
            statusSuffices: true)
        request.wantsCertificate = true
        return try send(request, in: invocation).certificate?.ends
    }
}
