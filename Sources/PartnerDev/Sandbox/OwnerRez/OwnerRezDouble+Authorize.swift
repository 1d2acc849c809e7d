import Foundation
import PartnerCore

extension OwnerRezDouble {
    /// `GET /oauth/authorize`: asks the person.
    func showPage(_ request: Request) -> Response {
        switch authorization(FormParameters(request.query)) {
        case .failure(let refusal): AuthorizePage.refused(refusal.rawValue)
        case .success(let authorization): AuthorizePage.asking(authorization)
        }
    }

    /// `POST /oauth/authorize`, a form: the same parameters with `decision=approve|deny`, and `account` if it is another
    /// than the first. The page sends it, and scripts may.
    mutating func decide(_ request: Request) -> Response {
        let form = FormParameters(String(decoding: request.body, as: UTF8.self))
        switch authorization(form) {
        case .failure(let refusal): return AuthorizePage.refused(refusal.rawValue)
        case .success(let authorization):
            guard let decision = form?["decision"], ["approve", "deny"].contains(decision) else {
                return AuthorizePage.refused("no decision")
            }
            guard let id = Int(form?["account"] ?? "\(Self.accounts[0].id)"),
                let account = Self.accounts.first(where: { $0.id == id })
            else { return AuthorizePage.refused("no such account") }
            var answer: [(String, String)]
            if decision == "approve" {
                let code = newSecret("tc_")
                codes[code] = Code(
                    account: account, redirectURI: authorization.sentRedirectURI,
                    expires: now.adding(seconds: codeSeconds))
                answer = [("code", code)]
            } else {
                answer = [("error", "access_denied"), ("error_description", "The user denied the request.")]
            }
            if let state = authorization.state { answer.append(("state", state)) }
            return Response(status: 302, headers: ["Location": appending(answer, to: authorization.redirectURI)])
        }
    }

    struct Authorization {
        let state: String?
        let sentRedirectURI: String?
        /// Where the answer goes.
        let redirectURI: String
    }

    enum AuthorizationRefusal: String, Error {
        case request = "invalid_request"
        case client = "unauthorized_client"
        case responseType = "unsupported_response_type"
        case redirectURI = "redirect_uri_mismatch"
    }

    private func authorization(_ parameters: FormParameters?) -> Result<Authorization, AuthorizationRefusal> {
        guard let parameters else { return .failure(.request) }
        guard parameters["client_id"] == Self.clientID else { return .failure(.client) }
        guard parameters["response_type"] == "code" else { return .failure(.responseType) }
        let sent = parameters["redirect_uri"]
        guard sent.map(matchesSetting) ?? true else { return .failure(.redirectURI) }
        return .success(
            Authorization(state: parameters["state"], sentRedirectURI: sent, redirectURI: sent ?? redirectURI))
    }

    /// Scheme, host and path decide, as OwnerRez documents it. A port is part of where a host is, and a fragment is
    /// nothing that a redirect URI may have (RFC 6749 section 3.1.2).
    private func matchesSetting(_ sent: String) -> Bool {
        guard let sent = URLComponents(string: sent), let setting = URLComponents(string: redirectURI) else {
            return false
        }
        return sent.scheme == setting.scheme && sent.host == setting.host && sent.port == setting.port
            && sent.percentEncodedPath == setting.percentEncodedPath && sent.user == nil && sent.fragment == nil
    }

    private func appending(_ parameters: [(String, String)], to uri: String) -> String {
        let unreserved = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        let query = parameters.map { "\($0.0)=\($0.1.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "")" }
        return uri + (uri.contains("?") ? "&" : "?") + query.joined(separator: "&")
    }
}
