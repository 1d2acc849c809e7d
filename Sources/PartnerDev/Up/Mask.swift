import Foundation
import PartnerCore

/// Takes secrets out of what is shown: by the names they go by, and, for tokens that were seen before, wherever else
/// they turn up. A mask begins as the secret does, so that two of them can be told apart.
struct Mask: Sendable {
    private static let names: Set<String> = [
        "access_token", "refresh_token", "id_token", "token", "clientsecret", "client_secret", "code", "state",
        "authorization", "cookie", "cookies", "set-cookie", "rewarddeliverylink",
    ]
    /// A state of the United States is no secret.
    private static let shortestState = 8
    /// Under these names stand addresses, whose queries may hold secrets.
    private static let addresses: Set<String> = ["location", "authorization_url", "referer"]
    private static let forms: Set<String> = ["rawquerystring"]
    /// Tokens, each with the scope that its answer named.
    private var scopes: [String: String] = [:]

    /// Remembers a token by the answer that brings it, and says its scope.
    mutating func learn(_ answer: JSON?) -> String? {
        guard let token = answer?["access_token"]?.string, !token.isEmpty else { return nil }
        let scope = answer?["scope"]?.string ?? "unnamed"
        scopes[token] = scope
        if let refresh = answer?["refresh_token"]?.string, !refresh.isEmpty { scopes[refresh] = scope }
        return scope
    }

    /// The scope of the token that came along.
    func scope(of headers: Headers) -> String? {
        headers["Authorization"].flatMap { field in
            field.hasPrefix("Bearer ") ? scopes[String(field.dropFirst(7))] : nil
        }
    }

    func masked(_ headers: Headers) -> Headers {
        var shown = Headers()
        for field in headers.fields {
            shown.add(field.name, known(Self.masked(field.value, named: field.name)))
        }
        return shown
    }

    /// A path with its query.
    func masked(path: String, query: String) -> String {
        known(query.isEmpty ? path : path + "?" + Self.masked(form: query))
    }

    /// A body, laid out for reading when it is JSON.
    func masked(body: [UInt8], type: String?) -> String {
        if let json = try? JSON.parse(body, duplicates: .lastWins) {
            return known(Self.laidOut(Self.masked(json), indent: ""))
        }
        let text = String(decoding: body, as: UTF8.self)
        guard type?.hasPrefix("application/x-www-form-urlencoded") != true else {
            return known(Self.masked(form: text))
        }
        // A page is for browsers to show.
        return type?.hasPrefix("text/html") == true ? "\(body.count) bytes" : known(text)
    }

    static func masked(_ text: String) -> String {
        text.utf8.count > 20 ? text.prefix(6) + "••••••" : "••••••"
    }

    private static func masked(form text: String) -> String {
        text.split(separator: "&").map { pair in
            let name = String(pair.prefix { $0 != "=" })
            return isSecret(name) ? "\(name)=\(masked(String(pair.dropFirst(name.count + 1))))" : String(pair)
        }.joined(separator: "&")
    }

    private static func masked(_ text: String, named name: String) -> String {
        if isSecret(name) {
            return name == "state" && text.utf8.count < shortestState ? text : maskedWords(text)
        }
        if forms.contains(name.lowercased()) { return masked(form: text) }
        guard addresses.contains(name.lowercased()), let mark = text.firstIndex(of: "?") else { return text }
        return text[...mark] + masked(form: String(text[text.index(after: mark)...]))
    }

    private func known(_ text: String) -> String {
        var text = text
        for token in scopes.keys where text.contains(token) {
            text = text.replacingOccurrences(of: token, with: Self.masked(token))
        }
        return text
    }

    private static func isSecret(_ name: String) -> Bool { names.contains(name.lowercased()) }

    /// `Bearer eyJhbG••••••`, `Basic ••••••`.
    private static func maskedWords(_ value: String) -> String {
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return masked(value) }
        switch words[0].lowercased() {
        case "bearer": return "\(words[0]) \(masked(String(words[1])))"
        // The beginning is the user's name, and in base64 more than that.
        case "basic": return "\(words[0]) \(masked(""))"
        default: return masked(value)
        }
    }

    private static func masked(_ json: JSON) -> JSON {
        switch json {
        case .object(let members):
            .object(
                members.map { member in
                    if case .string(let text) = member.value, !text.hasPrefix("{") {
                        JSON.Member(member.name, .string(masked(text, named: member.name)))
                    } else if case .array(let elements) = member.value, isSecret(member.name) {
                        JSON.Member(member.name, .array(elements.map { _ in .string(masked("")) }))
                    } else {
                        JSON.Member(member.name, masked(member.value))
                    }
                })
        case .array(let elements): .array(elements.map { masked($0) })
        // An event's body is a text that holds JSON.
        case .string(let text) where text.hasPrefix("{"):
            if let inner = try? JSON.parse(Array(text.utf8)) {
                .string(String(decoding: masked(inner).text, as: UTF8.self))
            } else {
                json
            }
        default: json
        }
    }

    private static func laidOut(_ json: JSON, indent: String) -> String {
        let deeper = indent + "  "
        switch json {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { member in
                "\(deeper)\(laidOut(.string(member.name), indent: "")): \(laidOut(member.value, indent: deeper))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { deeper + laidOut($0, indent: deeper) }.joined(separator: ",\n")
                + "\n\(indent)]"
        default: return String(decoding: json.text, as: UTF8.self)
        }
    }
}
