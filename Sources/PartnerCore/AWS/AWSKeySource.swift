/// Where temporary credentials come from, outside of Lambda.
struct AWSKeySource: Sendable {
    private enum Place: Sendable {
        /// ECS, and EKS Pod Identity.
        case container(url: String, token: Secret?, tokenFile: String?)
        /// EKS's service accounts: a token of the cluster's for a role's keys.
        case webIdentity(endpoint: BaseURL, role: String, session: String, tokenFile: String)
    }

    private let place: Place
    private let http: HTTPClient

    private static let longestCallMilliseconds = 3_000
    /// ECS's agent.
    private static let agent = "http://169.254.170.2"
    /// Besides loopback these are taken without TLS: they are this machine's alone.
    private static let plainHosts = [agent + "/", "http://169.254.170.23/", "http://[fd00:ec2::23]/"]

    /// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `.._FULL_URI`, with `AWS_CONTAINER_AUTHORIZATION_TOKEN` or `.._FILE`.
    static func container(reading settings: inout SettingsReader) -> AWSKeySource? {
        let relative = settings.optionalText(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS credentials from ECS, which sets it")
        let full = settings.optionalText(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS credentials from EKS, which sets it")
        let token = settings.optionalSecret("AWS_CONTAINER_AUTHORIZATION_TOKEN", "shown where they come from")
        let file = settings.optionalText("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "the file that holds it")
        guard let url = relative.map({ agent + $0 }) ?? full else { return nil }
        let isTaken =
            relative?.utf8.first == UInt8(ascii: "/") || relative == nil && (BaseURL(url) != nil || isPlainHost(url))
        guard isTaken, url.utf8.allSatisfy({ $0.isASCIIVisible }) else {
            settings.problem(
                relative == nil ? "AWS_CONTAINER_CREDENTIALS_FULL_URI" : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "expected an https:// address (http:// for loopback and the container's own only), or a path")
            return nil
        }
        return AWSKeySource(
            place: .container(url: url, token: token, tokenFile: file), http: HTTPClient(reading: &settings))
    }

    /// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, for STS's AssumeRoleWithWebIdentity.
    static func webIdentity(in region: String, reading settings: inout SettingsReader) -> AWSKeySource? {
        let file = settings.optionalText("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS credentials by EKS's token, which sets it")
        let role = settings.optionalText("AWS_ROLE_ARN", "the role that it is for")
        let session = settings.optionalText("AWS_ROLE_SESSION_NAME", "what the role's session is called")
        guard let file else { return nil }
        let endpoint = settings.awsEndpoint(.sts, in: region)
        guard let role else {
            settings.problem("AWS_ROLE_ARN", "is required beside AWS_WEB_IDENTITY_TOKEN_FILE")
            return nil
        }
        return AWSKeySource(
            place: .webIdentity(
                endpoint: endpoint, role: role, session: session ?? "partner-functions", tokenFile: file),
            http: HTTPClient(reading: &settings))
    }

    private static func isPlainHost(_ url: String) -> Bool { plainHosts.contains { url.utf8.starts(with: $0.utf8) } }

    /// Asks once. Files are read anew every time: their tokens rotate.
    func fetch(in invocation: Invocation) throws(AWSError) -> AWSKeys {
        switch place {
        case .container(let url, let token, let file):
            var headers: Headers = ["Accept": "application/json"]
            if let token = try file.map({ (file) throws(AWSError) in try Self.token(in: file) }) ?? token {
                headers.add("Authorization", token.reveal())
            }
            let answer = try send(name: "GET container credentials", "GET", url, headers, "", in: invocation)
            guard let json = try? JSON.parse(answer.body, duplicates: .lastWins),
                let keys = AWSKeys(
                    accessKeyID: json["AccessKeyId"]?.string, secretAccessKey: json["SecretAccessKey"]?.string,
                    sessionToken: json["Token"]?.string, expiration: json["Expiration"]?.string, at: .now())
            else { throw .unexpectedAnswer("no credentials of the container") }
            return keys
        case .webIdentity(let endpoint, let role, let session, let file):
            let token = try Self.token(in: file)
            let form = [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
                ("RoleSessionName", session), ("WebIdentityToken", token.reveal()),
            ].map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
            let answer = try send(
                name: "sts AssumeRoleWithWebIdentity", "POST", endpoint.text + "/",
                ["Content-Type": "application/x-www-form-urlencoded"], form, in: invocation)
            guard
                let keys = AWSKeys(
                    accessKeyID: element("AccessKeyId", of: answer.body),
                    secretAccessKey: element("SecretAccessKey", of: answer.body),
                    sessionToken: element("SessionToken", of: answer.body),
                    expiration: element("Expiration", of: answer.body), at: .now())
            else { throw .unexpectedAnswer("no credentials of the role") }
            return keys
        }
    }

    private func send(
        name: String, _ method: String, _ url: String, _ headers: Headers, _ body: String, in invocation: Invocation
    ) throws(AWSError) -> HTTPResponse {
        let request = HTTPRequest(
            name: name, method: method, url: url, headers: headers, body: Array(body.utf8),
            longestMilliseconds: Self.longestCallMilliseconds)
        let response: HTTPResponse
        do throws(HTTPError) { response = try http.send(request, in: invocation) } catch { throw .unreachable(error) }
        guard response.status == 200 else {
            // STS's errors are XML; a container's, whatever it likes.
            throw AWSError(code: element("Code", of: response.body), status: response.status)
        }
        return response
    }

    private static func token(in file: String) throws(AWSError) -> Secret {
        guard var bytes = try? readFile(file) else { throw .refused(code: "token file") }
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        guard AWSKeys.isHeaderText(text) else { throw .refused(code: "token file") }
        return Secret(text)
    }
}

/// The text of the first element of a name, in XML whose elements are known to hold words without markup: STS's.
private func element(_ name: String, of xml: [UInt8]) -> String? {
    let tag = Array("<\(name)>".utf8)
    guard xml.count > tag.count,
        let start = (0...(xml.count - tag.count)).first(where: { xml[$0...].starts(with: tag) })
    else { return nil }
    let text = xml[(start + tag.count)...].prefix { $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "&") }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
}
