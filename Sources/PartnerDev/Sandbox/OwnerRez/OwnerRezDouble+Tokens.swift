import Foundation
import PartnerCore

extension OwnerRezDouble {
    /// `POST /oauth/access_token`: HTTP Basic, a form.
    mutating func issue(_ request: Request) -> Response {
        guard isClient(request) else { return Self.error(401, "invalid_client") }
        guard request.headers.all("Content-Type") == ["application/x-www-form-urlencoded"],
            let form = FormParameters(String(decoding: request.body, as: UTF8.self))
        else { return Self.error(400, "invalid_request") }
        switch form["grant_type"] {
        case "authorization_code": return exchange(form)
        case "refresh_token" where policy == .standard: return refresh(form)
        default: return Self.error(400, "unsupported_grant_type")
        }
    }

    private mutating func exchange(_ form: FormParameters) -> Response {
        guard form.names.isSubset(of: ["grant_type", "code", "redirect_uri"]), let text = form["code"] else {
            return Self.error(400, "invalid_request")
        }
        // A code is used up when it is presented, whatever else the request says.
        guard let code = codes.removeValue(forKey: text), code.expires > now else {
            return Self.error(400, "invalid_grant", "It's been too long.")
        }
        guard form["redirect_uri"] == code.redirectURI else { return Self.error(400, "invalid_grant") }
        return newTokens(for: code.account)
    }

    /// The pair rotates: the old refresh token is of no use any more.
    private mutating func refresh(_ form: FormParameters) -> Response {
        guard form.names == ["grant_type", "refresh_token"],
            let (old, token) = tokens.first(where: {
                $0.value.refresh != nil && $0.value.refresh == form["refresh_token"]
            })
        else { return Self.error(400, "invalid_grant") }
        tokens[old] = nil
        return newTokens(for: token.account)
    }

    mutating func newTokens(for account: Account) -> Response {
        let access = newSecret("at_")
        var answer: JSON = [
            "access_token": .string(access), "token_type": "bearer", "scope": "all", "user_id": .integer(account.id),
        ]
        switch policy {
        case .none: tokens[access] = Token(account: account, refresh: nil, expires: nil)
        case .standard:
            let refresh = newSecret("rt_")
            tokens[access] = Token(
                account: account, refresh: refresh, expires: now.adding(seconds: tokenSeconds))
            let expires = Timestamp(epochSeconds: now.epochSeconds + tokenSeconds)
            answer.add("refresh_token", .string(refresh))
            answer.add("expires_in", .integer(tokenSeconds))
            answer.add("expires_at", .string(expires.rfc3339.dropLast(4) + "0000000Z"))
            answer.add("user_display_name", .string(account.name))
            answer.add("refresh_token_supported", true)
        }
        return .json(200, answer)
    }

    /// `DELETE /oauth/access_token/TOKEN`
    mutating func revoke(_ token: String, _ request: Request) -> Response {
        guard isClient(request) else { return Self.error(401, "invalid_client") }
        return Response(status: tokens.removeValue(forKey: token) == nil ? 404 : 204)
    }

    private func isClient(_ request: Request) -> Bool {
        let pair = Data("\(Self.clientID):\(Self.clientSecret)".utf8).base64EncodedString()
        return request.headers.all("Authorization") == ["Basic \(pair)"]
    }

    private static func error(_ status: Int, _ code: String, _ description: String? = nil) -> Response {
        var error: JSON = ["error": .string(code)]
        error.add("error_description", description.map { .string($0) })
        return .json(status, error)
    }
}

/// The parameters of a form or of a query, each at most once.
struct FormParameters {
    private var values: [String: String] = [:]

    /// Nil when the encoding is broken or a name comes twice.
    init?(_ text: String) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.replacing("+", with: " ").removingPercentEncoding }
            guard parts.count == 2, let name = parts[0], let value = parts[1],
                values.updateValue(value, forKey: name) == nil
            else { return nil }
        }
    }

    subscript(_ name: String) -> String? { values[name] }
    var names: Set<String> { Set(values.keys) }
}
