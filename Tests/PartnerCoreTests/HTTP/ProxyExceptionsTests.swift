import Testing

@testable import PartnerCore

@Suite("Who is called without the proxy")
struct ProxyExceptionsTests {
    private static let always = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fd00:ec2::/32,metadata.google.internal"

    @Test(
        "a list is handed to libcurl as it is, behind what is never proxied",
        arguments: [
            ("", ""), (".example.com", ",.example.com"), ("a.example, b.example", ",a.example,b.example"),
            ("10.0.0.0/8,fd00::/8", ",10.0.0.0/8,fd00::/8"), ("::1", ",::1"), ("[fd00::1]", ",fd00::1"),
            (",,  ,", ""),
        ])
    func list(_ list: String, _ expected: String) {
        #expect(ProxyExceptions(list).list(port: 443) == Self.always + expected)
    }

    @Test("an entry with a port is for that port alone")
    func ports() {
        let exceptions = ProxyExceptions("a.example:8443,[fd00::1]:443,10.0.0.1:80,b.example")
        #expect(exceptions.list(port: 8443) == Self.always + ",a.example,b.example")
        #expect(exceptions.list(port: 443) == Self.always + ",fd00::1,b.example")
        #expect(exceptions.list(port: 1) == Self.always + ",b.example")
    }

    @Test("a star is everyone, wherever it stands", arguments: ["*", "a.example,*", "* , a.example"])
    func everyone(_ list: String) {
        #expect(ProxyExceptions(list).list(port: 443) == "*")
    }

    @Test("of both spellings the small one counts, as with curl")
    func spelling() {
        for (environment, expected) in [
            (["NO_PROXY": "a.example"], ",a.example"), (["no_proxy": "b.example"], ",b.example"),
            (["NO_PROXY": "a.example", "no_proxy": "b.example"], ",b.example"), ([:], ""),
        ] {
            var settings = SettingsReader(Environment(environment))
            #expect(ProxyExceptions(reading: &settings).list(port: 443) == Self.always + expected)
        }
    }

    @Test("the proxy's address may hold a password, and is never shown")
    func secrecy() {
        var settings = SettingsReader(Environment(["HTTPS_PROXY": "http://user:sesame@proxy.example:3128"]))
        _ = HTTPClient(reading: &settings)
        #expect(settings.table.contains("HTTPS_PROXY") && !settings.table.contains("sesame"))
    }
}
