import Testing

@testable import PartnerCore

/// The cells of the table in the article "Callers". How each gateway's event comes to be one of the identities is in
/// EventCallerTests, tokens that we verify and the gateway's header in the acceptance tests.
@Suite("What makes a person, and what a service")
struct CallerRulesTests {
    private static let account = "pusher@shop.iam.gserviceaccount.com"
    private static let person = Caller.person(Caller.Person(subject: "u"))

    private func caller(claims: String) throws -> Caller { try CallerRules().caller(claims: json(claims)) }
    private func caller(context: String) throws -> Caller? { try CallerRules().caller(.context(json(context))) }

    @Test(
        "a subject of an issuer's makes a person",
        arguments: [
            #"{"sub":"u"}"#, #"{"iss":"https://id.example.com/","sub":"u","aud":"app"}"#,
            #"{"iss":"https://id.example.com/","sub":"u","client_id":"app","azp":"app","token_use":"access"}"#,
            #"{"iss":"https://id.example.com/","sub":"u","azpacr":"0","scp":"access_as_user"}"#,
            #"{"iss":"https://id.example.com/","sub":"u","gty":"password","preferred_username":"ada"}"#,
            #"{"iss":"https://id.example.com/","sub":"u","idtyp":"user"}"#,
        ])
    func subject(claims: String) throws {
        #expect(try caller(claims: claims) == Self.person)
        #expect(try caller(context: claims) == Self.person)
    }

    @Test(
        "no subject makes nobody",
        arguments: ["{}", #"{"sub":null}"#, #"{"sub":""}"#, #"{"sub":7}"#, #"{"sub":true}"#, #"{"sub":["u"]}"#, "[]"])
    func noSubject(claims: String) throws {
        #expect(throws: TokenError.subjectMissing) { try caller(claims: claims) }
    }

    @Test("a principal of IAM's makes a service")
    func principal() throws { #expect(try CallerRules().caller(.principal("arn:a")) == .service("arn:a")) }

    @Test("a service account makes a service, by Google's word and with its address", arguments: googleIssuers)
    func serviceAccount(issuer: String) throws {
        for verified in ["true", #""true""#] {
            let claims =
                #"{"iss":"\#(issuer)","sub":"1","azp":"1","email":"\#(Self.account)","email_verified":\#(verified)}"#
            #expect(try caller(claims: claims) == .service(Self.account))
            // A Lambda authorizer may say who a person is, and nothing else.
            #expect(throws: TokenError.personNotShown) { try caller(context: claims) }
        }
    }

    @Test("a service account whose address is not said to be verified makes nobody", arguments: googleIssuers)
    func unverifiedServiceAccount(issuer: String) throws {
        for verified in ["", #","email_verified":false"#, #","email_verified":null"#, #","email_verified":"yes""#] {
            let claims = #"{"iss":"\#(issuer)","sub":"1","email":"\#(Self.account)"\#(verified)}"#
            #expect(throws: TokenError.serviceNotVerified) { try caller(claims: claims) }
        }
    }

    @Test("a service account's token without an address makes nobody", arguments: googleIssuers)
    func serviceAccountWithoutAddress(issuer: String) throws {
        for email in ["", #","email":"""#, #","email":null"#, #","email":7"#, #","email_verified":true"#] {
            let claims = #"{"iss":"\#(issuer)","sub":"1","azp":"1"\#(email)}"#
            #expect(throws: TokenError.personNotShown) { try caller(claims: claims) }
            #expect(throws: TokenError.personNotShown) { try caller(context: claims) }
        }
    }

    @Test("who signs in with Google makes a person, by an address of their own", arguments: googleIssuers)
    func googleUser(issuer: String) throws {
        let claims =
            #"{"iss":"\#(issuer)","sub":"u","azp":"1.apps.googleusercontent.com","email":"ada@example.com""#
            + #","email_verified":true}"#
        let ada = Caller.Person(subject: "u", email: Caller.Contact("ada@example.com", isVerified: true))
        #expect(try caller(claims: claims) == .person(ada))
        #expect(try caller(context: claims) == .person(ada))
    }

    @Test("a service account's address of another issuer's makes a person, and no service")
    func posing() throws {
        let claims = #"{"iss":"https://id.example.com/","sub":"u","email":"\#(Self.account)","email_verified":true}"#
        let person = Caller.Person(subject: "u", email: Caller.Contact(Self.account, isVerified: true))
        #expect(try caller(claims: claims) == .person(person))
    }

    @Test("an issuer whose name only looks like Google's is another one")
    func lookalike() throws {
        for issuer in ["https://accounts.google.com/", "https://accounts.google.com.example", "accounts.google.co"] {
            let claims = #"{"iss":"\#(issuer)","sub":"u","email_verified":true}"#
            #expect(try caller(claims: claims) == Self.person)
        }
    }

    @Test("the domain of service accounts is known in any case")
    func domainCase() throws {
        let claims =
            #"{"iss":"accounts.google.com","sub":"1","email":"P@X.IAM.GServiceAccount.COM","email_verified":true}"#
        #expect(try caller(claims: claims) == .service("P@X.IAM.GServiceAccount.COM"))
    }

    @Test(
        "a workload makes nobody, whoever the issuer is",
        arguments: [
            #"{"sub":"c","client_id":"c","token_use":"access"}"#, #"{"sub":"c","azp":"c"}"#, #"{"sub":"c","cid":"c"}"#,
            #"{"sub":"c","appid":"c"}"#, #"{"sub":"c@clients","gty":"client-credentials"}"#,
            #"{"sub":"o","oid":"o","idtyp":"app"}"#, #"{"sub":"o","azp":"c","azpacr":"1","roles":["r"]}"#,
            #"{"sub":"o","appid":"c","appidacr":"2"}"#, #"{"sub":"6f1e","preferred_username":"service-account-c"}"#,
            #"{"sub":"system:serviceaccount:shop:pusher"}"#, #"{"sub":"spiffe://shop.example/pusher"}"#,
            #"{"sub":"arn:aws:iam::123456789012:role/pusher"}"#,
            #"{"iss":"pusher@shop.iam.gserviceaccount.com","sub":"u"}"#,
            #"{"iss":"https://token.actions.githubusercontent.com","sub":"repo:shop/app:ref:refs/heads/main"}"#,
            #"{"iss":"https://oidc.eks.eu-west-1.amazonaws.com/id/1","sub":"u"}"#,
            #"{"iss":"https://1f0e.tokens.sts.global.api.aws","sub":"u"}"#,
        ])
    func workload(claims: String) throws {
        #expect(throws: TokenError.workload) { try caller(claims: claims) }
        #expect(throws: TokenError.workload) { try caller(context: claims) }
    }

    @Test("what the setting names makes no person of a workload")
    func subjectClaim() throws {
        let rules = CallerRules(subjectClaim: "uid")
        #expect(throws: TokenError.workload) { try rules.caller(claims: json(#"{"sub":"c","azp":"c","uid":"u"}"#)) }
        #expect(try rules.caller(claims: json(#"{"uid":"u"}"#)) == Self.person)
    }

    @Test(
        "a subject that nothing could be stored under is nobody, and not an error of ours",
        arguments: [String(repeating: "x", count: 257), #"a\u0000b"#, #"a\nb"#, #"a\u0085b"#])
    func unfit(subject: String) throws {
        #expect(throws: TokenError.subjectUnfit) { try caller(claims: #"{"sub":"\#(subject)"}"#) }
        #expect(throws: TokenError.subjectUnfit) { try caller(context: #"{"sub":"\#(subject)"}"#) }
        #expect(throws: Never.self) { try caller(claims: #"{"sub":"\#(String(repeating: "x", count: 256))"}"#) }
    }

    @Test(
        "a claim that is not one person's for good cannot be the subject",
        arguments: [
            "", "email", "name", "preferred_username", "iss", "aud", "two words", "é", "Email", "tid", "email_verified",
            "auth_time",
        ]
            + ["integrationLatency", "roles"])
    func settings(claim: String) {
        var settings = SettingsReader(Environment(["AUTH_SUBJECT_CLAIM": claim]))
        _ = CallerRules(reading: &settings)
        #expect(settings.problems.map { $0.name } == (claim.isEmpty ? [] : ["AUTH_SUBJECT_CLAIM"]))
    }
}

private let googleIssuers = ["https://accounts.google.com", "accounts.google.com"]
