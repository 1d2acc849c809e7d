import Testing

@testable import PartnerCore

@Suite("What is verified is what the issuer says so of")
struct AssertionTests {
    private func contacts(_ flag: String?) throws -> [Caller.Contact?] {
        let flags = flag.map { #","email_verified":\#($0),"phone_number_verified":\#($0)"# } ?? ""
        let claims = #"{"sub":"u","email":"ada@example.com","phone_number":"+15556667777"\#(flags)}"#
        return try [GatewayIdentity.claims(json(claims)), .context(json(claims))].flatMap { identity in
            guard case .person(let person)? = try CallerRules().caller(identity) else { throw NotHTTP() }
            return [person.email, person.phone]
        }
    }

    @Test("yes", arguments: ["true", "1", #""true""#, #""True""#, #""TRUE""#, #""1""#])
    func yes(flag: String) throws { #expect(try contacts(flag).map { $0?.isVerified } == [true, true, true, true]) }

    @Test("no: then it is no contact", arguments: ["false", "0", #""false""#, #""False""#, #""FALSE""#, #""0""#])
    func no(flag: String) throws { #expect(try contacts(flag) == [nil, nil, nil, nil]) }

    @Test(
        "not said: then it is a contact that nobody has verified",
        arguments: [
            nil, "null", #""""#, #""null""#, #""yes""#, #""on""#, #""t""#, #"" true""#, #""truE\u0301""#, "2", "-1",
            "1.5",
            "[]", "[true]", "{}", #"{"value":true}"#, #""undefined""#,
        ])
    func unsaid(flag: String?) throws {
        #expect(try contacts(flag).map { $0?.isVerified } == [false, false, false, false])
    }

    @Test("without an address there is no contact, whatever is said of it", arguments: ["null", #""""#, "7", "[]"])
    func noContact(email: String) throws {
        let claims = try json(#"{"sub":"u","email":\#(email),"email_verified":true}"#)
        #expect(try CallerRules().caller(claims: claims) == .person(Caller.Person(subject: "u")))
    }
}
