// OwnliClient.docc/InYourApp.md shows what is between the two marks, word for word.
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

    /// Claims what is confirmed, as one of Ownli's products. The server asks Ownli; the app needs no token for it.
    /// - Returns: where the user takes it; nil when there is nothing to claim.
    func claim(product: String) async throws -> URL? {
        guard try await backend.rewards().contains(where: { $0.status == .confirmed }) else { return nil }
        return try await backend.claimRewards(product: product)
    }

    /// Who the user is to Ownli, by Ownli itself: with a token, which the app asks its backend for.
    func profile() async throws -> OwnliUser? {
        guard let me = try await backend.me() else { return nil }
        return try await ownli.user(id: me.ownliUserID)
    }

    /// They have not opted in any more; their consent and its end are kept.
    func leave() async throws { try await backend.withdraw() }

    /// What is kept about them, as JSON: to be saved, or handed on.
    func everything() async throws -> Data { try await backend.export() }
}
// snippet ends
