import CCurl
import COpenSSL
import CSystem

/// One libcurl handle with the connections it keeps alive. For one thread at a time.
///
/// When a kept connection turns out dead before any byte of the answer (the environment was frozen meanwhile), a request
/// that may be sent twice is sent again on a fresh one.
final class OutboundConnection {
    struct Timeouts {
        let connectMilliseconds: Int
        /// Nil: wait for the answer for ever.
        let wholeMilliseconds: Int?
    }

    /// Seconds. Whoever is told to come back in a year is to ask again tomorrow.
    private static let longestRetryAfter: curl_off_t = 86_400

    private let handle: UnsafeMutableRawPointer
    private let proxyExceptions: ProxyExceptions?
    private let received: Received
    /// Whom it called last.
    private var peer: Authority?
    /// Of a URL, the last one read: calls mostly go to the one before.
    private var read: (url: String, authority: Authority?)?
    private var readDate: (text: String, date: Timestamp?)?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    private final class Received {
        var body: [UInt8] = []
        let limit: Int
        init(limit: Int) { self.limit = limit }
    }

    /// - Parameters:
    ///   - largestAnswer: bytes of a body; what is larger is refused.
    ///   - proxyExceptions: who is called directly where the environment names a proxy; nil: everyone.
    init(trust: TrustStore, largestAnswer: Int, proxyExceptions: ProxyExceptions?) {
        handle = ccurl_new()!
        self.proxyExceptions = proxyExceptions
        received = Received(limit: largestAnswer)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_USERAGENT, "partner-functions/\(version)")
        // A body of more than 1 MB announces itself with "Expect: 100-continue"; it does not wait for a reply to that.
        set(CURLOPT_EXPECT_100_TIMEOUT_MS, 0)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_CAINFO, trust.file)
        set(CURLOPT_CAPATH, trust.directory)
        // One that is kept is one that the pool can look after.
        set(CURLOPT_MAXCONNECTS, 1)
        if proxyExceptions == nil { set(CURLOPT_PROXY, "") }
        ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(received).toOpaque())
        ccurl_set_writer(handle) { bytes, _, count, context in
            let received = Unmanaged<Received>.fromOpaque(context!).takeUnretainedValue()
            guard received.body.count + count <= received.limit else { return 0 }
            received.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }

    /// - Parameter addresses: of the host, where its name has been resolved already.
    func send(
        _ request: HTTPRequest, to addresses: [String] = [], timeouts: Timeouts
    ) throws(HTTPError) -> HTTPResponse {
        received.body = []
        errorText[0] = 0
        set(CURLOPT_CERTINFO, request.wantsCertificate ? 1 : 0)
        set(CURLOPT_URL, request.url)
        let authority = authority(of: request.url)
        if let proxyExceptions, let authority {
            set(CURLOPT_NOPROXY, proxyExceptions.list(port: authority.port))
        }
        var resolved: UnsafeMutablePointer<curl_slist>?
        if let authority, !addresses.isEmpty {
            // What an earlier call was told is replaced.
            let list = addresses.joined(separator: ",")
            resolved = curl_slist_append(nil, "\(authority.host):\(authority.port):\(list)")
        }
        defer {
            ccurl_set_list(handle, CURLOPT_RESOLVE, nil)
            curl_slist_free_all(resolved)
        }
        ccurl_set_list(handle, CURLOPT_RESOLVE, resolved)
        set(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connectMilliseconds)
        set(CURLOPT_TIMEOUT_MS, timeouts.wholeMilliseconds ?? 0)
        var list: UnsafeMutablePointer<curl_slist>?
        for field in request.headers.fields { list = curl_slist_append(list, "\(field.name): \(field.value)") }
        defer {
            ccurl_set_list(handle, CURLOPT_HTTPHEADER, nil)
            curl_slist_free_all(list)
        }
        ccurl_set_list(handle, CURLOPT_HTTPHEADER, list)
        let code = request.body.withUnsafeBytes { body in
            setMethod(request.method, body)
            // On a fresh connection libcurl sends a request once.
            set(CURLOPT_FRESH_CONNECT, request.mayBeSentTwice ? 0 : 1)
            let code = curl_easy_perform(handle)
            guard request.mayBeSentTwice, diedUnused(code) else { return code }
            set(CURLOPT_FRESH_CONNECT, 1)
            return curl_easy_perform(handle)
        }
        peer = authority
        var status = 0
        ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        // It is 0 before there is one, and below 200 before the last one.
        guard code == CURLE_OK || (request.statusSuffices && status >= 200) else { throw error(code) }
        var retryAfter: curl_off_t = 0
        ccurl_get_offset(handle, CURLINFO_RETRY_AFTER, &retryAfter)
        return HTTPResponse(
            status: status, body: received.body,
            retryAfter: retryAfter > 0 ? Int(min(retryAfter, Self.longestRetryAfter)) : nil,
            date: date, certificate: request.wantsCertificate ? certificate : nil)
    }

    /// The first one of the chain, which is the server's own.
    private var certificate: Certificate? {
        var chain: UnsafeMutablePointer<curl_certinfo>?
        guard ccurl_get_certificates(handle, &chain) == CURLE_OK, let chain, chain.pointee.num_of_certs > 0 else {
            return nil
        }
        var line = chain.pointee.certinfo[0]
        while let field = line {
            // `Name:value`
            let text = String(cString: field.pointee.data)
            if text.hasPrefix("Cert:") { return Certificate.all(in: Array(text.utf8.dropFirst(5))).first }
            line = field.pointee.next
        }
        return nil
    }

    /// Nil when it is no URL, which libcurl will say.
    func authority(of url: String) -> Authority? {
        if let read, read.url == url { return read.authority }
        let authority = Authority(url)
        read = (url, authority)
        return authority
    }

    private var date: Timestamp? {
        guard let text = header("Date") else { return nil }
        // It is the same for a second.
        if let readDate, readDate.text == text { return readDate.date }
        let seconds = curl_getdate(text, nil)
        let date = seconds < 0 ? nil : Timestamp(epochSeconds: seconds)
        readDate = (text, date)
        return date
    }

    /// Whether the other side has closed the connection that is kept, if one is.
    var isAbandoned: Bool { socket.map { csystem_is_abandoned($0) != 0 } ?? false }

    /// Whether a connection is kept that the next call there can take.
    func isConnected(to other: Authority) -> Bool { peer == other && socket != nil && !isAbandoned }

    private var socket: Int32? {
        var socket = ccurl_no_socket
        ccurl_get_socket(handle, &socket)
        return socket == ccurl_no_socket ? nil : socket
    }

    /// A header of the last answer.
    func header(_ name: String) -> String? {
        var header: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(handle, name, 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK else { return nil }
        return String(cString: header!.pointee.value)
    }

    /// Whether a kept connection ended before any byte of the answer. libcurl makes up for that too, but only five times
    /// in a handle's life (its count starts anew in `curl_easy_reset` alone, 7.88), and an environment thaws more often.
    private func diedUnused(_ code: CURLcode) -> Bool {
        guard [CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING].contains(code) else { return false }
        var connects = 0
        ccurl_get_long(handle, CURLINFO_NUM_CONNECTS, &connects)
        var headerBytes = 0
        ccurl_get_long(handle, CURLINFO_HEADER_SIZE, &headerBytes)
        return connects == 0 && headerBytes == 0
    }

    private func setMethod(_ method: String, _ body: UnsafeRawBufferPointer) {
        if method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
        } else if body.isEmpty && !["POST", "PUT", "PATCH"].contains(method) {
            set(CURLOPT_HTTPGET, 1)
        } else {
            set(CURLOPT_POST, 1)
            set(CURLOPT_POSTFIELDSIZE, body.count)
            // Not copied: the bytes outlive the transfer.
            ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress))
        }
        // By itself libcurl says GET, HEAD and POST.
        set(CURLOPT_CUSTOMREQUEST, ["GET", "HEAD", "POST"].contains(method) ? nil : method)
    }

    private func set(_ option: CURLoption, _ value: Int) { ccurl_set_long(handle, option, value) }
    private func set(_ option: CURLoption, _ value: String?) { ccurl_set_text(handle, option, value) }

    private func error(_ code: CURLcode) -> HTTPError {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .hostNotFound
        case CURLE_COULDNT_CONNECT: .couldNotConnect
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE: .connectionLost
        case CURLE_WRITE_ERROR: .answerTooLarge
        case CURLE_PEER_FAILED_VERIFICATION: .notTrusted(certificateProblem)
        case CURLE_SSL_CONNECT_ERROR: .notTrusted(handshakeProblem)
        case CURLE_SSL_CACERT_BADFILE: .notTrusted(.trustStore)
        default: .failed(Int(code.rawValue))
        }
    }

    private var certificateProblem: HTTPError.TLSProblem {
        var result = 0
        ccurl_get_long(handle, CURLINFO_SSL_VERIFYRESULT, &result)
        return switch Int32(result) {
        // If OpenSSL has no result, libcurl's own check has failed: that of the name.
        case X509_V_OK, X509_V_ERR_UNSPECIFIED: .wrongHost
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .selfSigned
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            .unknownAuthority
        default: .other(result)
        }
    }

    private var handshakeProblem: HTTPError.TLSProblem {
        // OpenSSL's reason, as libcurl words it, is all that there is to go by.
        strstr(errorText, "protocol") != nil || strstr(errorText, "version") != nil ? .protocolVersion : .other(0)
    }
}
