import Foundation
import PartnerCore

/// The environment that functions get here: everything points to the sandbox and to a store of this run's own.
struct DevelopmentSettings: Sendable {
    static let termsURL = "https://partner.example/ownli-terms"
    static let privacyURL =
        "https://support.ownli.co/hc/en-us/articles/360011276138-Ownli-Privacy-Policy"
    /// What a developer's own environment may say: how the functions behave, not whom they call.
    private static let handedOn = [
        "LOG_LEVEL", "OWNLI_USER_TOKEN_CACHE", "RELAY_TO", "CONTACT_POLICY", "REWARD_MAX_AMOUNT", "REWARD_ACTION_CODES",
        "OWNERREZ_ALLOWED_METHODS", "OWNERREZ_RATE_LIMIT", "OWNERREZ_SUBSCRIPTIONS", "OWNERREZ_RECONCILE",
        "OWNERREZ_BACKFILL_SINCE", "EVENTS_FORMAT",
    ]

    private static let webhookUser = "ownerrez"
    private static let webhookPassword = "sandbox-webhook-password"
    /// Made for this run, as its store is.
    private static let tokenKey = newKey()
    private static let hashKey = newKey()
    private static let receiptKey = newKey()

    private static func newKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }).base64EncodedString()
    }

    /// Of the page and of the gateway.
    let origin: String
    /// Where the person's browser finds OwnerRez.
    let browserSandboxURL: String
    let storePath: String
    /// Of the server that events go on to.
    let eventSecret: String
    /// Nil: both partners.
    let only: Partner?

    /// - Parameter sandboxURL: the function's own door to the sandbox.
    func environment(sandboxURL: String) -> [String: String] {
        var variables = [
            "IDENTIFIER_HASH_KEY": Self.hashKey,
            "STORE_URL": "sqlite:\(storePath)",
            "STORE_EPHEMERAL": "allowed",
            "POWERTOOLS_METRICS_DISABLED": "true",
        ]
        if only != .ownerRez { variables.merge(ownli(sandboxURL)) { $1 } }
        if only != .ownli { variables.merge(ownerRez(sandboxURL)) { $1 } }
        for name in Self.handedOn {
            if let value = Environment.process[name] { variables[name] = value }
        }
        return variables
    }

    private func ownli(_ sandboxURL: String) -> [String: String] {
        [
            "OWNLI_BASE_URL": sandboxURL,
            "OWNLI_CLIENT_ID": Sandbox.clientID,
            "OWNLI_CLIENT_SECRET": Sandbox.clientSecret,
            "OWNLI_PARTNER_ID": Sandbox.partnerID,
            "OWNLI_TERMS_URL": Self.termsURL,
            "OWNLI_PRIVACY_URL": Self.privacyURL,
            "OWNLI_TERMS_VERSION": "2026-01",
            "CONSENT_CONTROLLER": "Sandbox partner",
            "RECEIPT_SIGNING_KEY": Self.receiptKey,
        ]
    }

    private func ownerRez(_ sandboxURL: String) -> [String: String] {
        [
            "OWNERREZ_CLIENT_ID": OwnerRezDouble.clientID,
            "OWNERREZ_CLIENT_SECRET": OwnerRezDouble.clientSecret,
            "OWNERREZ_API_URL": sandboxURL,
            "OWNERREZ_AUTHORIZE_URL": browserSandboxURL + "/oauth/authorize",
            "OWNERREZ_REDIRECT_URI": redirectURI,
            "OWNERREZ_WEBHOOK_USER": Self.webhookUser,
            "OWNERREZ_WEBHOOK_PASSWORD": Self.webhookPassword,
            "OWNERREZ_WEBHOOK_URL": webhookURL,
            "OWNERREZ_SUBSCRIPTIONS":
                "booking:entity_create,entity_update,entity_delete;guest:entity_create,entity_update,entity_delete",
            "EVENTS_TARGET": sandboxURL + EventStream.path,
            "EVENTS_SIGNING_SECRET": eventSecret,
            "TOKEN_ENCRYPTION_KEYS": "development:" + Self.tokenKey,
            "APP_URL": origin,
        ]
    }

    private var webhookURL: String { origin + "/webhooks/ownerrez" }
    private var redirectURI: String { origin + "/oauth/ownerrez/callback" }

    /// What the settings of the app at OwnerRez say of us.
    func register(at sandbox: Sandbox) {
        put("/_sandbox/ownerrez/app", ["redirect_uri": .string(redirectURI)], at: sandbox)
        put(
            "/_sandbox/ownerrez/webhook",
            [
                "url": .string(webhookURL), "user": .string(Self.webhookUser),
                "password": .string(Self.webhookPassword),
            ], at: sandbox)
    }

    private func put(_ path: String, _ body: JSON, at sandbox: Sandbox) {
        _ = sandbox.reply(
            to: Request(method: "PUT", path: path, headers: ["Content-Type": "application/json"], body: body.text))
    }
}
