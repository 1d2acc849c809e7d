extension Trace {
    /// From X-Ray's tracing header, as Lambda hands it on: `Root=1-5759e988-..;Parent=53995c3f42cd8ad8;Sampled=1`, in any
    /// order and with further fields. A trace without `Sampled=1` is not kept.
    init?(xRay header: String) {
        var root: String?
        var parent: String?
        var isSampled = false
        for field in header.split(separator: ";") {
            let field = String(field.trimmingSpaces)
            if let text = field.rest(after: "Root=") { root = Self.id(xRay: text) }
            if let text = field.rest(after: "Parent="), Self.isHexadecimal(Array(text.utf8), 16) { parent = text }
            if field == "Sampled=1" { isSampled = true }
        }
        guard let root else { return nil }
        self.init(id: root, spanID: parent, isSampled: isSampled)
    }

    /// `1-5759e988-bd862e3fe1be46a994272793`: the first eight digits are the time.
    var xRayID: String { "1-\(id.prefix(8))-\(id.dropFirst(8))" }

    private static func id(xRay text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual("1".utf8), isHexadecimal(parts[1], 8),
            isHexadecimal(parts[2], 24), isNotZero(parts[1]) || isNotZero(parts[2])
        else { return nil }
        return String(decoding: Array(parts[1]) + Array(parts[2]), as: UTF8.self)
    }
}
