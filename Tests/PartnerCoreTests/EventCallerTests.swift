import Testing

@testable import PartnerCore

@Suite("An event's caller is whom the gateway verified")
struct EventCallerTests {
    private func caller(_ context: String, subjectClaim: String = "sub") throws -> Caller? {
        try callerByGateway(GatewayIdentity(decoding: json(context)), subjectClaim: subjectClaim)
    }

    @Test(
        "the claims of each kind of authorizer make a person",
        arguments: [
            #"{"authorizer":{"jwt":{"claims":{"sub":"u"},"scopes":null}}}"#,
            #"{"authorizer":{"lambda":{"sub":"u","n":7,"b":true,"x":null}}}"#,
            #"{"authorizer":{"claims":{"sub":"u"}}}"#,
            #"{"authorizer":{"sub":"u","principalId":"p","integrationLatency":9,"b":false,"r":1.5}}"#,
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
            #"{"authorizer":{"iam":{"userArn":"arn:a","accountId":"1","cognitoIdentity":null}}}"#,
            #"{"identity":{"userArn":"arn:a","cognitoIdentityId":null}}"#,
            #"{"authorizer":null,"identity":{"userArn":"arn:a"}}"#,
        ])
    func service(context: String) throws {
        #expect(try caller(context) == .service("arn:a"))
    }

    @Test(
        "two people whom an authorizer gives one principal are not one person",
        arguments: [
            #"{"authorizer":{"principalId":"user"}}"#, #"{"authorizer":{"sub":null,"principalId":"user"}}"#,
            #"{"authorizer":{"principalId":"user","email":"ada@example.com","email_verified":true}}"#,
        ])
    func onePrincipal(context: String) throws {
        #expect(try caller(context) == nil)
        #expect(try caller(context, subjectClaim: "principalId") == .person(.init(subject: "user", contextOf: context)))
    }

    @Test(
        "the setting names the one field that counts, with every kind of authorizer",
        arguments: [
            #"{"authorizer":{"jwt":{"claims":{"sub":"s","oid":"u"}}}}"#,
            #"{"authorizer":{"lambda":{"sub":"s","oid":"u"}}}"#, #"{"authorizer":{"claims":{"sub":"s","oid":"u"}}}"#,
            #"{"authorizer":{"sub":"s","oid":"u","principalId":"p"}}"#, #"{"authorizer":{"lambda":{"oid":"u"}}}"#,
        ])
    func subjectClaim(context: String) throws {
        #expect(try caller(context, subjectClaim: "oid") == .person(Caller.Person(subject: "u")))
        #expect(try caller(context, subjectClaim: "uid") == nil)
    }

    @Test(
        "who has the role of an identity pool is no service, and nobody that we could tell from the others",
        arguments: [
            #"{"authorizer":{"iam":{"userArn":"arn:a","cognitoIdentity":{"amr":["unauthenticated"],"identityId":"i"}}}}"#,
            #"{"identity":{"userArn":"arn:a","cognitoIdentityId":"us-east-1:1","cognitoIdentityPoolId":"us-east-1:2"}}"#,
        ])
    func identityPool(context: String) throws { #expect(try caller(context) == nil) }

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

    @Test("a load balancer vouches for nobody")
    func loadBalancer() throws {
        let context = #"{"elb":{},"authorizer":{"sub":"u"},"identity":{"userArn":"arn:a"}}"#
        let headers = #"{"x-amzn-oidc-identity":"u","x-amzn-oidc-data":"e30.e30.x"}"#
        let text = #"{"httpMethod":"GET","path":"/","headers":\#(headers),"requestContext":\#(context)}"#
        #expect(try request(text).identity == nil)
    }

    @Test("headers and bodies make nobody a caller")
    func claimedByTheSender() throws {
        let forged = #"{"requestContext":{"authorizer":{"sub":"u"}},"authorizer":{"sub":"u"}}"#
        let body = String(decoding: JSON.string(forged).text, as: UTF8.self)
        let text = #"{"httpMethod":"POST","path":"/","requestContext":{},"headers":{"authorizer":"u"},"body":\#(body)}"#
        #expect(try request(text).identity == nil)
    }
}

extension Caller.Person {
    /// With the e-mail address of a context that has one.
    fileprivate init(subject: String, contextOf text: String) {
        self.init(
            subject: subject,
            email: text.contains("ada@example.com") ? Caller.Contact("ada@example.com", isVerified: true) : nil)
    }
}
