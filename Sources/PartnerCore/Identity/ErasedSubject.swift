/// What stands for somebody who is erased, where something of theirs has to be kept: a keyed hash of their subject. Only
/// who has the subject and IDENTIFIER_HASH_KEY finds them by it.
///
///     erased#HASH    consent/..      as a consent is kept, from its acceptance
///     erased#HASH    withdrawal/..   as a withdrawal is kept, without Ownli's id
///
/// Their rewards have the user `erased:HASH`, and are listed by it.
struct ErasedSubject: Sendable, Equatable {
    private let hash: String

    init(_ subject: String, _ hash: IdentifierHash) { self.hash = hash.hash([subject], for: "erased") }

    /// Of what proves a consent.
    var partition: String { "erased#\(hash)" }

    /// Of what is known of the erasure itself.
    var erasure: String { "erasure#\(hash)" }

    /// In place of Ownli's id of the user.
    var user: String { "erased:\(hash)" }
}
