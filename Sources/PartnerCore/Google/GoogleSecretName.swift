/// What a secret is called in Google's Secret Manager: `projects/PROJECT/secrets/SECRET`, with `/versions/VERSION` behind
/// it for another version than the latest. A regional secret has `/locations/LOCATION` behind the project.
struct GoogleSecretName: Sendable, Equatable {
    /// `projects/PROJECT/secrets/SECRET/versions/VERSION`, as the API has it.
    let version: String
    /// The region's id, for a regional secret.
    let location: String?

    /// Whether it looks like one, right or wrong. A name in AWS Secrets Manager may begin with `projects/` too.
    static func isMeant(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts[0] == "projects" && parts.contains("secrets")
    }

    init?(_ text: String) {
        var parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }[...]
        guard let project = Self.take("projects", from: &parts), GoogleProject.isIDOrNumber(project) else {
            return nil
        }
        location = Self.take("locations", from: &parts)
        if let location, !GoogleProject.isName(location, lengths: 1...63, besides: "-") { return nil }
        guard let secret = Self.take("secrets", from: &parts), Self.isName(secret, upTo: 255) else { return nil }
        guard !parts.isEmpty else {
            version = text + "/versions/latest"
            return
        }
        guard let number = Self.take("versions", from: &parts), Self.isName(number, upTo: 63), parts.isEmpty else {
            return nil
        }
        version = text
    }

    /// What stands behind this word, where the word is the next one.
    private static func take(_ word: String, from parts: inout ArraySlice<String>) -> String? {
        guard parts.count >= 2, parts.first == word else { return nil }
        parts.removeFirst()
        return parts.removeFirst()
    }

    /// Letters, digits, `_` and `-`.
    private static func isName(_ text: String, upTo longest: Int) -> Bool {
        (1...longest).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_-".utf8.contains($0) }
    }
}
