/// Which paths a route is of. A segment may stand for any text, and the last one for all that is left:
/// `/api/ownerrez/connections/{id}/v2/{path+}`. API Gateway writes its own like that.
struct PathPattern: Sendable {
    let text: String
    private let hasParameters: Bool

    init(_ text: String) {
        self.text = text
        hasParameters = text.utf8.contains(UInt8(ascii: "{"))
    }

    func matches(_ path: String) -> Bool {
        guard hasParameters else { return path == text }
        var wanted = text.utf8[...]
        var given = path.utf8[...]
        while let start = wanted.firstIndex(of: UInt8(ascii: "{")),
            let end = wanted[start...].firstIndex(of: UInt8(ascii: "}"))
        {
            let literal = wanted[..<start]
            guard given.starts(with: literal) else { return false }
            given = given.dropFirst(literal.count)
            let takesRest = wanted[..<end].last == UInt8(ascii: "+")
            let parameter = takesRest ? given : given.prefix { $0 != UInt8(ascii: "/") }
            guard !parameter.isEmpty else { return false }
            given = given.dropFirst(parameter.count)
            wanted = wanted[end...].dropFirst()
        }
        return given.elementsEqual(wanted)
    }
}
