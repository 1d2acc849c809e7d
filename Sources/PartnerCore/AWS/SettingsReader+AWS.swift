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
        let isFIPS = awsSwitch("AWS_USE_FIPS_ENDPOINT", "whether AWS's endpoints are those of FIPS 140")
        let isDualStack = awsSwitch("AWS_USE_DUALSTACK_ENDPOINT", "whether they are those that have IPv6 too")
        let common = optionalText("AWS_ENDPOINT_URL", "one address in place of every AWS service's own")
        let own = optionalText(service.endpointSetting, "an address in place of this AWS service's own")
        let name = own == nil ? "AWS_ENDPOINT_URL" : service.endpointSetting
        let usual =
            region.isEmpty ? nil : service.defaultEndpoint(in: region, isFIPS: isFIPS, isDualStack: isDualStack)
        guard let text = own ?? common ?? usual else { return .none }
        guard let endpoint = BaseURL(text) else {
            problem(name, "expected an https:// address without query (http:// for loopback only)")
            return .none
        }
        return endpoint
    }

    private mutating func awsSwitch(_ name: String, _ purpose: String) -> Bool {
        choice(name, default: "false", [("false", false), ("true", true)], purpose)
    }
}

private func isOfRegionName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
}
