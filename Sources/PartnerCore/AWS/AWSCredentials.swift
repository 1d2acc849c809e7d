/// As whom AWS is called. Of several ways the first that the environment names is taken, in the SDKs' order (AWS SDKs and
/// Tools Reference Guide, "Standardized credential providers"): keys, a web identity, a profile, a container's.
enum AWSCredentials: Sendable {
    case fixed(AWSKeys)
    case fetched(ExpiringCache<AWSKeys, AWSError>, from: AWSKeySource)

    /// Reads AWS's own environment variables. Only what calls AWS reads them, so only then are they demanded.
    init(in region: String, reading settings: inout SettingsReader) {
        let id = Self.key("AWS_ACCESS_KEY_ID", "of AWS credentials, where AWS is called; Lambda sets it", &settings)
        let key = Self.key("AWS_SECRET_ACCESS_KEY", "of AWS credentials; Lambda sets it", &settings)
        let token = Self.key("AWS_SESSION_TOKEN", "of AWS credentials that are temporary; Lambda sets it", &settings)
        if id == nil, key == nil {
            let webIdentity = AWSKeySource.webIdentity(in: region, reading: &settings)
            let profile = AWSProfile.keys(reading: &settings)
            let container = AWSKeySource.container(reading: &settings)
            if let source = webIdentity {
                self = .fetched(ExpiringCache(), from: source)
                return
            }
            if let profile {
                self = .fixed(profile)
                return
            }
            if let source = container {
                self = .fetched(ExpiringCache(), from: source)
                return
            }
        }
        if !settings.isDescribing {
            if id == nil { settings.problem("AWS_ACCESS_KEY_ID", "is required: AWS is called") }
            if key == nil { settings.problem("AWS_SECRET_ACCESS_KEY", "is required: AWS is called") }
        }
        self = .fixed(
            AWSKeys(accessKeyID: id ?? Secret(""), secretAccessKey: key ?? Secret(""), sessionToken: token))
    }

    func keys(in invocation: Invocation) throws(AWSError) -> AWSKeys {
        switch self {
        case .fixed(let keys): return keys
        case .fetched(let cache, let source):
            // Asked once: who calls with them tries again anyhow.
            return try cache.token(in: invocation) { () throws(AWSError) in
                try source.fetch(in: invocation)
            }.token
        }
    }

    /// Forgets those that were not taken, where there are others to be had.
    ///
    /// - Returns: whether there are.
    func discard(_ keys: AWSKeys) -> Bool {
        guard case .fetched(let cache, from: _) = self else { return false }
        cache.discard(keys)
        return true
    }

    private static func key(_ name: String, _ purpose: String, _ settings: inout SettingsReader) -> Secret? {
        let secret = settings.optionalSecret(name, purpose)
        if let secret, !AWSKeys.isHeaderText(secret.reveal()) {
            settings.problem(name, "expected letters, digits and signs, without a space or a line break")
        }
        return secret
    }
}
