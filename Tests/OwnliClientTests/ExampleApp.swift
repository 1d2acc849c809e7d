// README.md shows what is between the two marks, word for word.
// snippet begins
import Foundation
import OwnliClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Ownli, for the user who is signed in. Make another when somebody else signs in.
struct Rewards {
    private let backend: PartnerBackend
    private let ownli: OwnliClient

    /// - Parameter signedIn: what your app's user signed in with, such as `eyJ...`.
    init(backend: URL, ownli: URL = OwnliClient.sandboxURL, signedIn: @escaping @Sendable () async -> String) throws {
        let backend = try PartnerBackend(baseURL: backend) { request in
            request.setValue("Bearer \(await signedIn())", forHTTPHeaderField: "Authorization")
        }
        self.backend = backend
        self.ownli = try OwnliClient(baseURL: ownli, token: backend.token)
    }

    /// Once the user has tapped the button beside "By continuing, you agree to Ownli's Terms of Service and Privacy
    /// Policy."
    func join(firstName: String, lastName: String, phone: String, state: String) async throws {
        let consent = OptIn.Consent(termsOfService: true, privacyPolicy: true)
        _ = try await backend.optIn(
            OptIn(
                firstName: firstName, lastName: lastName, phone: phone, address: .init(state: state), consent: consent))
    }

    /// Claims what is confirmed.
    /// - Returns: how much that was.
    func claim() async throws -> Decimal {
        guard let me = try await backend.me() else { return 0 }
        let confirmed = try await ownli.rewards(ofUser: me.ownliUserID).filter { $0.status == .confirmed }
        if !confirmed.isEmpty { try await ownli.claimRewards(ofUser: me.ownliUserID) }
        return confirmed.reduce(0) { $0 + ($1.amount?.decimal ?? 0) }
    }
}
// snippet ends
