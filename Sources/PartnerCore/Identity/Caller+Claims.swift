extension Caller {
    private static let google = "https://accounts.google.com"
    private static let serviceAccounts = ".gserviceaccount.com"

    /// From a token's verified claims. A service is what Google says is a service account: nobody else can sign as
    /// Google, and nobody has an e-mail address in that domain of Google's but a service account. Another issuer's users
    /// may give themselves any address, so they are people, whatever their claims say.
    init(verifiedClaims claims: JSON) throws(TokenError) {
        let email = claims["email"]?.string ?? ""
        if claims["iss"]?.string == Self.google && email.hasSuffix(Self.serviceAccounts) {
            guard claims["email_verified"] == true else { throw .serviceNotVerified }
            self = .service(email)
        } else {
            guard let person = Person(claims: claims) else { throw .subjectMissing }
            self = .person(person)
        }
    }
}
