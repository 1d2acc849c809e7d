import Testing

@testable import PartnerCore

@Suite("Origins that may call")
struct CrossOriginTests {
    @Test(
        "are written as browsers send them",
        arguments: [
            "https://app.example.com", "http://localhost:3000", "https://app.example.com:8443", "http://127.0.0.1:8080",
            "http://[::1]:3000", "https://[2001:db8::1]", "capacitor://localhost", "https://xn--bcher-kva.example",
        ])
    func good(text: String) {
        var settings = SettingsReader(Environment(["CORS_ALLOWED_ORIGINS": " https://a.example , \(text)"]))
        #expect(CrossOrigin(reading: &settings).origins == ["https://a.example", text])
        #expect(settings.problems.isEmpty)
    }

    @Test(
        "are refused when no browser could send them",
        arguments: [
            "*", "null", "https://*.example.com", "https://app.example.com/", "https://app.example.com/path",
            "https://App.example.com", "HTTPS://app.example.com", "app.example.com", "https://", "//app.example.com",
            "https://app.example.com:443", "http://app.example.com:80", "https://app.example.com:0",
            "https://app.example.com:65536", "https://app.example.com:", "https://app.example.com:08443",
            "https://user@app.example.com", "https://app.example.com?x", "https://app.example.com https://b.example",
            "https://b\u{fc}cher.example", "https://[::1", "https://[]", "https://[::1]x", "https:/app.example.com",
            "https://a.example,,https://b.example, ", ",", " , ",
        ])
    func bad(text: String) {
        var settings = SettingsReader(Environment(["CORS_ALLOWED_ORIGINS": text]))
        _ = CrossOrigin(reading: &settings)
        #expect(settings.problems.map { $0.name } == ["CORS_ALLOWED_ORIGINS"])
    }

    @Test("are nobody when nothing is set, and no answer says anything of it")
    func none() {
        var settings = SettingsReader(Environment([:]))
        #expect(CrossOrigin(reading: &settings).origins.isEmpty && settings.problems.isEmpty)
        var response = Response(status: 200)
        CrossOrigin(origins: []).permit(
            &response, to: Request(method: "GET", path: "/", headers: ["Origin": "https://a.example"]))
        #expect(response.headers.fields.isEmpty)
    }
}
