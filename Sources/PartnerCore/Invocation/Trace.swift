/// The trace that an invocation belongs to, as its sender says. Both ids are nothing but hexadecimal digits.
struct Trace: Sendable, Equatable {
    /// 32 hexadecimal digits.
    let id: String
    /// 16 hexadecimal digits; nil when the sender names none.
    let spanID: String?
}
