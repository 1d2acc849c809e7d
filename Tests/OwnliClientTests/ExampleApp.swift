// OwnliClient.docc/InYourApp.md shows what is between the two marks, word for word, in pieces.
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
}

extension Rewards {
    /// Once the user has tapped the button beside the sentence.
    func join(firstName: String, lastName: String, phone: String, state: String) async throws {
        let consent = OptIn.Consent(termsOfService: true, privacyPolicy: true)
        _ = try await backend.optIn(
            OptIn(
                firstName: firstName, lastName: lastName, phone: phone, address: .init(state: state), consent: consent))
    }

    func hasJoined() async throws -> Bool { try await backend.me() != nil }
}

extension Rewards {
    /// What there is to claim, as text: `$25.10`.
    func balance() async throws -> String {
        let confirmed = try await backend.rewards().filter { $0.status == .confirmed }
        let cents = confirmed.reduce(0) { $0 + ($1.amount?.cents ?? 0) }
        return Dollars(cents: cents).decimal.formatted(.currency(code: "USD").locale(Locale(identifier: "en_US")))
    }

    /// Claims what is confirmed, as one of Ownli's products.
    /// - Returns: where the user takes it; nil when there is nothing to claim.
    func claim(product: String) async throws -> URL? {
        guard try await backend.rewards().contains(where: { $0.status == .confirmed }) else { return nil }
        return try await backend.claimRewards(product: product)
    }
}

extension Rewards {
    /// Who the user is to Ownli, by Ownli itself; nil when they have not opted in.
    func profile() async throws -> OwnliUser? {
        guard let me = try await backend.me() else { return nil }
        return try await ownli.user(id: me.ownliUserID)
    }
}

extension Rewards {
    /// What the app does about an error.
    enum NextStep: Equatable {
        case signIn, verifyContact, agreeAgain, tryAgain
        /// Nothing that the user can do. The id is what your backend's log has it under.
        case report(requestID: String?)
    }

    static func nextStep(after error: any Error) -> NextStep {
        switch error as? OwnliClientError {
        case .signedOut: return .signIn
        case .unreachable: return .tryAgain
        case .backendRefused(let refusal), .ownliRefused(let refusal):
            switch refusal.code {
            case "CONTACT_NOT_PROVEN", "CONTACT_NOT_VERIFIED": return .verifyContact
            case "NOT_LINKED", "CONSENT_WITHDRAWN": return .agreeAgain
            default: return refusal.status >= 500 ? .tryAgain : .report(requestID: refusal.requestID)
            }
        default: return .report(requestID: nil)
        }
    }
}

extension Rewards {
    /// They have not opted in any more; their consent and its end are kept.
    func leave() async throws { try await backend.withdraw() }

    /// What is kept about them, as JSON: to be saved, or handed on.
    func everything() async throws -> Data { try await backend.export() }
}
// snippet ends
