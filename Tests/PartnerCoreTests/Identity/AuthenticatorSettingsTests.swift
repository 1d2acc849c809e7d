import Testing

@testable import PartnerCore

@Suite("How callers are known")
struct AuthenticatorSettingsTests {
    private func problems(
        _ audience: Route.Audience, _ variables: [String: String], hasGateway: Bool = false
    ) -> [String] {
        var settings = SettingsReader(Environment(variables))
        let route = Route("GET", "/", for: audience) { _, _ throws(FunctionError) in Response(status: 204) }
        _ = Authenticator(reading: &settings, for: [route], hasGateway: hasGateway)
        return settings.problems.map { $0.name }
    }

    @Test("over HTTP has to be said wherever somebody has to be known, a service too")
    func isRequired() {
        #expect(problems(.people, [:]) == ["AUTH_ISSUER"])
        #expect(problems(.services, [:]) == ["AUTH_ISSUER"])
        #expect(problems(.anyone, [:]) == [])
        #expect(problems(.services, ["AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo"]) == [])
        #expect(problems(.services, ["AUTH_ISSUER": "https://accounts.google.com", "AUTH_AUDIENCE": "a"]) == [])
        #expect(problems(.services, [:], hasGateway: true) == [])
    }

    @Test("is no list without an entry", arguments: ["AUTH_AUDIENCE", "AUTH_CLIENT_ID"])
    func emptyLists(name: String) {
        let others = ["AUTH_ISSUER": "https://issuer.example", "AUTH_AUDIENCE": "a", "AUTH_CLIENT_ID": "c"]
        for list in [",", " , "] {
            #expect(problems(.people, others.merging([name: list]) { $1 }) == [name])
        }
    }
}
