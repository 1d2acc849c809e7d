extension SettingsReader {
    /// A required secret that stays what it was at start: `secretSource`'s first value.
    public mutating func secret(_ name: String, _ purpose: String) -> Secret { secretSource(name, purpose).current }

    /// A required secret, from one of three: `NAME`; the file that `NAME_FILE` names (its last line break is not part of
    /// it); the secret that `NAME_SECRET` names, with `#key` for one key of a JSON object: in AWS Secrets Manager by its id
    /// or ARN, in Google's Secret Manager by its path.
    public mutating func secretSource(_ name: String, _ purpose: String) -> SecretSource {
        readSecret(name, purpose, isRequired: true) ?? .fixed(Secret(""))
    }

    /// The same of a secret that may be left out.
    public mutating func optionalSecretSource(_ name: String, _ purpose: String) -> SecretSource? {
        readSecret(name, purpose, isRequired: false)
    }

    private mutating func readSecret(_ name: String, _ purpose: String, isRequired: Bool) -> SecretSource? {
        let source = findSecret(name, isRequired: isRequired)
        // No issuer hands out such a secret: something else was pasted, or two lines.
        if let source, source.current.reveal().utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            problem(name, "the secret holds a line break or another control character")
        }
        declare(
            Entry(
                name: name, purpose: purpose, defaultValue: nil, isRequired: isRequired, isSecret: true,
                shown: source.map { $0.current.description }))
        return source
    }

    private mutating func findSecret(_ name: String, isRequired: Bool) -> SecretSource? {
        let (fileName, secretName) = (name + "_FILE", name + "_SECRET")
        switch (found(name), found(fileName), found(secretName)) {
        case (let text?, nil, nil): return .fixed(Secret(text))
        case (nil, let path?, nil): return secretFile(path, fileName).map { .fixed($0) }
        case (nil, nil, let reference?): return keptSecret(reference, secretName)
        case (nil, nil, nil) where !isRequired: return nil
        case (nil, nil, nil):
            problem(
                name,
                "is required, as \(name), as a file named by \(fileName), or as a secret named by \(secretName)")
        default: problem(name, "set only one of \(name), \(fileName) and \(secretName)")
        }
        return nil
    }

    private mutating func secretFile(_ path: String, _ name: String) -> Secret? {
        // Whether others may read it is not asked: containers mount their secrets so that all of the container may.
        guard FileAccess(path)?.isWritableByAll != true else {
            problem(name, "everybody may write the file: chmod o-w")
            return nil
        }
        do {
            guard let secret = Secret(contents: try readFile(path)) else {
                problem(name, "the file is not text in UTF-8")
                return nil
            }
            guard secret != Secret("") else {
                problem(name, "the file is empty")
                return nil
            }
            return secret
        } catch {
            problem(name, "the file cannot be read: \(error.reason)")
            return nil
        }
    }

    private mutating func keptSecret(_ text: String, _ name: String) -> SecretSource? {
        guard let reference = SecretReference(text) else {
            problem(
                name,
                "expected the id or ARN of a secret in AWS Secrets Manager, or projects/PROJECT/secrets/SECRET in "
                    + "Google's, or either with #key")
            return nil
        }
        guard let place = vaults.firstIndex(where: { $0.keeps(reference.id) }) else {
            problem(name, "secrets are not fetched here")
            return nil
        }
        guard let fetch = opened(place) else { return nil }
        let vault = vaults[place]
        do throws(SecretError) {
            let secret = try reference.value(in: fetched(reference, from: vault, fetch))
            return .renewable(
                RenewableSecret(name: name, secret, now: vault.now) { (invocation) throws(SecretError) in
                    try reference.value(in: fetch(reference.id, invocation))
                })
        } catch {
            problem(name, error.description)
            return nil
        }
    }

    private mutating func opened(_ place: Int) -> SecretVault.Fetch? {
        if let opened = openedVaults[place] { return opened }
        // On its own, to tell its problems from those that others have told of the same settings.
        var own = SettingsReader(environment)
        let fetch = vaults[place].open(&own)
        for problem in own.problems { self.problem(problem.name, problem.expected) }
        guard own.problems.isEmpty else { return nil }
        openedVaults[place] = fetch
        return fetch
    }

    /// The first secret of a vault that is asked for brings all of them, each fetched once, on as many threads.
    private mutating func fetched(
        _ wanted: SecretReference, from vault: SecretVault, _ fetch: @escaping SecretVault.Fetch
    ) throws(SecretError) -> Secret {
        if let fetched = fetchedSecrets[ExactText(wanted.id)] { return try fetched.get() }
        var ids = [wanted.id]
        for name in vault.secretNames {
            guard let id = environment[name + "_SECRET"].flatMap({ SecretReference($0)?.id }) else { continue }
            if vault.keeps(id) && !ids.contains(id) && fetchedSecrets[ExactText(id)] == nil { ids.append(id) }
        }
        for (id, result) in SecretVault.fetchAll(ids, fetch) { fetchedSecrets[id] = result }
        return try fetchedSecrets[ExactText(wanted.id)]!.get()
    }
}
