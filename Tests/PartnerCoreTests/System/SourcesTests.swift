import Foundation
import Testing

/// Where the standard library compares texts by what they look like, and no declaration of ours comes before its own
/// (`String+Bytes.swift`).
private let wrongWays: [(pattern: String, instead: String)] = [
    (#"\(rawValue: "#, "init(exactly:)"),
    (#"\bSet<(String|Substring)>|\bSet\("#, "a set of ExactText"),
    // The attributes of records are names of ours, and the environment's variables too.
    (#"\[(String|Substring): (?!String\])"#, "[ExactText: ..]"),
    (
        #"(?<!utf8|unicodeScalars)\.(drop|prefix|filter|split|first|firstIndex|lastIndex) \{ \$0 [!=]= "(.|\\.)""#,
        "utf8"
    ),
    (#"(?<!utf8|unicodeScalars)\.(firstIndex|lastIndex)\(of: ""#, "utf8"),
    (#"cased\(\) [!=]= |[!=]= [a-zA-Z.]+cased\(\)"#, "equalIgnoringASCIICase"),
]

private func findings(in source: String) throws -> [String] {
    try source.split(separator: "\n").flatMap { line in
        try wrongWays.filter { way in
            let range = NSRange(line.startIndex..., in: line)
            return try NSRegularExpression(pattern: way.pattern)
                .firstMatch(in: String(line), range: range) != nil
        }.map { "\(line.trimmingCharacters(in: .whitespaces)): \($0.instead)" }
    }
}

@Suite("The sources of what ships compare texts by their bytes")
struct SourcesTests {
    @Test(
        "which a look through them can see",
        arguments: [
            "let way = Way(rawValue: text)", "var names: Set<String> = []", "let names = Set(texts)",
            "var pauses: [String: Pause] = [:]", "text.drop { $0 == \" \" }", "text.split { $0 == \"\\t\" }",
            "text.lastIndex(of: \"{\")", "text.lowercased() == other",
        ])
    func sample(line: String) throws { #expect(try findings(in: line).count == 1) }

    @Test(
        "in the core and in every function",
        arguments: [
            "PartnerCore", "TokenRelay", "UserOptIn", "RewardGrant", "OwnerRezConnect", "OwnerRezWebhook",
            "OwnerRezAPI",
        ])
    func sources(module: String) throws {
        let root = URL(filePath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
        let folder = root.dropFirst() + "/Sources/\(module)"
        let files = try FileManager.default.subpathsOfDirectory(atPath: String(folder)).filter {
            $0.hasSuffix(".swift")
        }
        #expect(!files.isEmpty)
        for file in files {
            let source = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            #expect(try findings(in: source) == [], "\(file)")
        }
    }
}
