/// As whom AWS is called: a role's temporary credentials, which Lambda sets in the environment, or a user's key.
struct AWSCredentials: Sendable {
    let accessKeyID: Secret
    let secretAccessKey: Secret
    /// Temporary credentials have one.
    let sessionToken: Secret?

    /// Reads AWS's own environment variables. Only what calls AWS reads them, so only then are they demanded.
    init(reading settings: inout SettingsReader) {
        accessKeyID = Self.required("AWS_ACCESS_KEY_ID", &settings)
        secretAccessKey = Self.required("AWS_SECRET_ACCESS_KEY", &settings)
        let name = "AWS_SESSION_TOKEN"
        sessionToken = settings.optionalSecret(name, "of AWS credentials that are temporary; Lambda sets it")
        Self.check(sessionToken, name, &settings)
    }

    private static func required(_ name: String, _ settings: inout SettingsReader) -> Secret {
        let secret = settings.optionalSecret(name, "of AWS credentials, where AWS is called; Lambda sets it")
        if secret == nil, !settings.isDescribing { settings.problem(name, "is required: AWS is called") }
        check(secret, name, &settings)
        return secret ?? Secret("")
    }

    /// They go into headers, where a line break would begin another one.
    private static func check(_ secret: Secret?, _ name: String, _ settings: inout SettingsReader) {
        guard let secret, !secret.reveal().utf8.allSatisfy({ $0.isASCIIVisible }) else { return }
        settings.problem(name, "expected letters, digits and signs, without a space or a line break")
    }
}

extension SettingsReader {
    /// AWS_REGION, or else AWS_DEFAULT_REGION. Empty when there is a problem, or when settings are only listed.
    mutating func awsRegion() -> String {
        let region = optionalText("AWS_REGION", "where AWS is called; Lambda sets it")
        let fallback = optionalText("AWS_DEFAULT_REGION", "stands in for AWS_REGION")
        let name = region == nil && fallback != nil ? "AWS_DEFAULT_REGION" : "AWS_REGION"
        guard let found = region ?? fallback else {
            if !isDescribing { problem(name, "is required: AWS is called") }
            return ""
        }
        guard found.utf8.count <= 32, found.utf8.allSatisfy(isOfRegionName) else {
            problem(name, "expected the name of a region, as in eu-central-1")
            return ""
        }
        return found
    }

    /// `AWS_ENDPOINT_URL_<SERVICE>`, or else AWS_ENDPOINT_URL, or else the service's own endpoint in the region.
    mutating func awsEndpoint(_ service: AWSService, in region: String) -> BaseURL {
        let common = optionalText("AWS_ENDPOINT_URL", "one address in place of every AWS service's own")
        let own = optionalText(service.endpointSetting, "an address in place of this AWS service's own")
        let name = own == nil ? "AWS_ENDPOINT_URL" : service.endpointSetting
        guard let text = own ?? common ?? (region.isEmpty ? nil : service.defaultEndpoint(in: region)) else {
            return .none
        }
        guard let endpoint = BaseURL(text) else {
            problem(name, "expected an https:// address without query (http:// for loopback only)")
            return .none
        }
        return endpoint
    }
}

private func isOfRegionName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
}
