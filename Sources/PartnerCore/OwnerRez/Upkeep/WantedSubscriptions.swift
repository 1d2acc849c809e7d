/// What `OWNERREZ_SUBSCRIPTIONS` says that every connection is to be subscribed to:
/// `booking:entity_create,entity_update;guest:entity_create`.
struct WantedSubscriptions: Sendable, Equatable {
    /// A kind of event, in snake case.
    struct Kind: Sendable, Equatable {
        let type: String
        let action: String

        /// Both spellings have been seen: `entity_update`, `EntityUpdate`.
        init(type: String, action: String) {
            self.type = inSnakeCase(type)
            self.action = inSnakeCase(action)
        }
    }

    let kinds: [Kind]

    static let none = WantedSubscriptions(kinds: [])

    private init(kinds: [Kind]) { self.kinds = kinds }

    /// Nil for what is not of that form, names a kind twice, or an action that is none.
    init?(_ text: String) {
        var kinds: [Kind] = []
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", omittingEmptySubsequences: false).map { String($0.trimmingSpaces) }
            guard pair.count == 2, Self.isWord(pair[0]) else { return nil }
            for action in pair[1].split(separator: ",", omittingEmptySubsequences: false) {
                let kind = Kind(type: pair[0], action: String(action.trimmingSpaces))
                guard Self.actions.contains(kind.action), !kinds.contains(kind) else { return nil }
                kinds.append(kind)
            }
        }
        self.kinds = kinds
    }

    private static let actions = ["entity_create", "entity_insert", "entity_update", "entity_delete"]

    private static func isWord(_ text: String) -> Bool {
        (1...60).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
    }

    var isEmpty: Bool { kinds.isEmpty }

    func contains(_ type: String, _ action: String) -> Bool { kinds.contains(Kind(type: type, action: action)) }
}

/// `entity_update` of `EntityUpdate` and of itself.
func inSnakeCase(_ name: String) -> String {
    var bytes: [UInt8] = []
    for byte in name.utf8 {
        let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        if isCapital, let last = bytes.last, last != UInt8(ascii: "_") { bytes.append(UInt8(ascii: "_")) }
        bytes.append(isCapital ? byte | 0x20 : byte)
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension SettingsReader {
    /// - Returns: nothing wanted where subscriptions are not ours to make; the address is empty then.
    mutating func wantedSubscriptions() -> (wanted: WantedSubscriptions, webhookURL: String) {
        let wanted = value(
            "OWNERREZ_SUBSCRIPTIONS", default: "", placeholder: WantedSubscriptions.none,
            expected: "as in booking:entity_create,entity_update,entity_delete;guest:entity_create",
            "what each connection is subscribed to at OwnerRez; empty: its subscriptions are left alone"
        ) { $0.isEmpty ? WantedSubscriptions.none : WantedSubscriptions($0) }
        let url = optionalText(
            "OWNERREZ_WEBHOOK_URL",
            "the address of ownerrez-webhook as OwnerRez calls it, as in https://HOST/webhooks/ownerrez")
        guard let url else {
            if !wanted.isEmpty { problem("OWNERREZ_WEBHOOK_URL", "is required with OWNERREZ_SUBSCRIPTIONS") }
            return (wanted, "")
        }
        guard BaseURL(url)?.text == url else {
            problem("OWNERREZ_WEBHOOK_URL", "expected an https:// address without query (http:// for loopback only)")
            return (wanted, "")
        }
        return (wanted, url)
    }
}
