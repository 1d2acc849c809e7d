import Testing

@testable import PartnerCore

@Suite("An event's caller is whom the gateway verified")
struct EventCallerTests {
    private func caller(_ context: String) throws -> Caller? { try Caller(decoding: json(context)) }

    @Test(
        "the claims of each kind of authorizer make a person",
        arguments: [
            #"{"authorizer":{"jwt":{"claims":{"sub":"u"},"scopes":null}}}"#,
            #"{"authorizer":{"lambda":{"sub":"u","n":7,"b":true,"x":null}}}"#,
            #"{"authorizer":{"claims":{"sub":"u"}}}"#,
            #"{"authorizer":{"sub":"u","principalId":"p","integrationLatency":9,"b":false,"r":1.5}}"#,
            #"{"authorizer":{"principalId":"u"}}"#, #"{"authorizer":{"sub":null,"principalId":"u"}}"#,
        ])
    func person(context: String) throws {
        #expect(try caller(context) == .person(Caller.Person(subject: "u")))
    }

    @Test("a subject that is a whole number counts as its digits")
    func numericSubject() throws {
        let person = Caller.person(Caller.Person(subject: "42"))
        #expect(try caller(#"{"authorizer":{"lambda":{"sub":42}}}"#) == person)
        #expect(try caller(#"{"authorizer":{"sub":42,"principalId":"somebody else"}}"#) == person)
    }

    @Test(
        "the role's session makes a service",
        arguments: [
            #"{"authorizer":{"iam":{"userArn":"arn:a","accountId":"1"}}}"#, #"{"identity":{"userArn":"arn:a"}}"#,
            #"{"authorizer":null,"identity":{"userArn":"arn:a"}}"#,
        ])
    func service(context: String) throws {
        #expect(try caller(context) == .service("arn:a"))
    }

    @Test(
        "without a subject there is nobody",
        arguments: [
            "{}", "null", #"{"authorizer":{}}"#, #"{"authorizer":"u"}"#, #"{"authorizer":{"jwt":null}}"#,
            #"{"authorizer":{"jwt":{"claims":null}}}"#,
            #"{"authorizer":{"jwt":{"claims":{"email":"ada@example.com"}}}}"#,
            #"{"authorizer":{"jwt":{"claims":{"sub":""}}}}"#, #"{"authorizer":{"jwt":{"claims":["sub"]}}}"#,
            #"{"authorizer":{"jwt":{"claims":{}},"principalId":"u"}}"#, #"{"authorizer":{"lambda":null}}"#,
            #"{"authorizer":{"lambda":{"principalId":"u"}}}"#, #"{"authorizer":{"lambda":{"sub":true}}}"#,
            #"{"authorizer":{"sub":"","principalId":"u"}}"#, #"{"authorizer":{"sub":true,"principalId":"u"}}"#,
            #"{"authorizer":{"sub":4.2,"principalId":"u"}}"#, #"{"authorizer":{"sub":["u"],"principalId":"u"}}"#,
            #"{"authorizer":{"iam":{"userArn":null}}}"#, #"{"authorizer":{"iam":{"userArn":""}}}"#,
            #"{"identity":{"userArn":null}}"#, #"{"identity":{"userArn":""}}"#, #"{"identity":{"userArn":7}}"#,
        ])
    func nobody(context: String) throws {
        #expect(try caller(context) == nil)
    }

    @Test("a contact that the issuer calls unverified does not count, whatever the type of the claim")
    func unverified() throws {
        func email(_ verified: String) throws -> Caller.Contact? {
            let context = #"{"authorizer":{"sub":"u","email":"ada@example.com","email_verified":\#(verified)}}"#
            guard case .person(let person)? = try caller(context) else { throw NotHTTP() }
            return person.email
        }
        #expect(try email("true")?.isVerified == true)
        #expect(try email(#""true""#)?.isVerified == true)
        for no in ["false", #""false""#, "0", "1", "[]"] { #expect(try email(no) == nil) }
    }

    @Test("a load balancer vouches for nobody")
    func loadBalancer() throws {
        let context = #"{"elb":{},"authorizer":{"sub":"u"},"identity":{"userArn":"arn:a"}}"#
        let headers = #"{"x-amzn-oidc-identity":"u","x-amzn-oidc-data":"e30.e30.x"}"#
        let text = #"{"httpMethod":"GET","path":"/","headers":\#(headers),"requestContext":\#(context)}"#
        #expect(try request(text).caller == nil)
    }

    @Test("headers and bodies make nobody a caller")
    func claimedByTheSender() throws {
        let forged = #"{"requestContext":{"authorizer":{"sub":"u"}},"authorizer":{"sub":"u"}}"#
        let body = String(decoding: JSON.string(forged).text, as: UTF8.self)
        let text = #"{"httpMethod":"POST","path":"/","requestContext":{},"headers":{"authorizer":"u"},"body":\#(body)}"#
        #expect(try request(text).caller == nil)
    }
}
