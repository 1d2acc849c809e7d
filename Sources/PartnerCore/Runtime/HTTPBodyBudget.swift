/// The bytes of bodies that all connections together may hold. They are counted as they come. What a peer only
/// announces takes nothing from others.
final class HTTPBodyBudget: Sendable {
    private let left: Lock<Int>

    init(bytes: Int) { left = Lock(bytes) }

    /// Lets a body grow to a size.
    ///
    /// - Parameter held: what it has of the budget.
    /// - Returns: false when there is no room for it.
    func grow(_ held: inout Int, to size: Int) -> Bool {
        let more = size - held
        guard more > 0 else { return true }
        let hasRoom = left.withLock { left in
            guard left >= more else { return false }
            left -= more
            return true
        }
        if hasRoom { held = size }
        return hasRoom
    }

    func release(_ held: Int) { left.withLock { $0 += held } }
}
