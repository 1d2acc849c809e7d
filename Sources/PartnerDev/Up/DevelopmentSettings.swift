import Foundation
import PartnerCore

/// The environment that functions get here: everything points to the sandbox and to a store of this run's own.
struct DevelopmentSettings: Sendable {
    static let termsURL = "https://partner.example/ownli-terms"
    static let privacyURL =
        "https://support.ownli.co/hc/en-us/articles/360011276138-Ownli-Privacy-Policy"
    /// What a developer's own environment may say: how the functions behave, not whom they call.
    private static let handedOn = [
        "LOG_LEVEL", "OWNLI_USER_TOKEN_CACHE", "CONTACT_POLICY", "REWARD_MAX_AMOUNT", "REWARD_ACTION_CODES",
    ]

    /// Of the page and of the gateway.
    let origin: String
    let storePath: String

    /// - Parameter sandboxURL: the function's own door to the sandbox.
    func environment(sandboxURL: String) -> [String: String] {
        var variables = [
            "OWNLI_BASE_URL": sandboxURL,
            "OWNLI_CLIENT_ID": Sandbox.clientID,
            "OWNLI_CLIENT_SECRET": Sandbox.clientSecret,
            "OWNLI_PARTNER_ID": Sandbox.partnerID,
            "OWNLI_TERMS_URL": Self.termsURL,
            "OWNLI_PRIVACY_URL": Self.privacyURL,
            "OWNLI_TERMS_VERSION": "2026-01",
            "STORE_URL": "sqlite:\(storePath)",
            "STORE_EPHEMERAL": "allowed",
            "POWERTOOLS_METRICS_DISABLED": "true",
        ]
        for name in Self.handedOn {
            if let value = Environment.process[name] { variables[name] = value }
        }
        return variables
    }
}
