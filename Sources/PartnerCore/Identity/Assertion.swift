/// What a claim like `email_verified` says. OpenID Connect has `true` and `false`; gateways make strings of claims, and
/// whoever writes an authorizer makes what the language at hand does.
///
/// | the claim is | it says |
/// |---|---|
/// | `true`, `1`, `"1"`, `"true"` in any case | yes |
/// | `false`, `0`, `"0"`, `"false"` in any case | no |
/// | missing, `null`, anything else | nothing |
///
/// What says nothing is never a yes, and takes nothing away either.
enum Assertion {
    case yes, no, unsaid

    init(_ claim: JSON?) {
        switch claim {
        case .bool(true), .integer(1): self = .yes
        case .bool(false), .integer(0): self = .no
        case .string(let text): self.init(text)
        default: self = .unsaid
        }
    }

    private init(_ text: String) {
        if text.utf8.elementsEqual("1".utf8) || equalIgnoringASCIICase(text, "true") {
            self = .yes
        } else if text.utf8.elementsEqual("0".utf8) || equalIgnoringASCIICase(text, "false") {
            self = .no
        } else {
            self = .unsaid
        }
    }
}
