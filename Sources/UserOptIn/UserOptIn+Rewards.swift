import PartnerCore

/// What a person may ask of Ownli without a token in their app. The user is the one that they are linked to; nothing that
/// they send says which.
extension UserOptIn {
    @Sendable func rewards(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let link = try linked(request, in: invocation)
        return try .json(200, ["rewards": ownli.rewards(of: link, in: invocation)])
    }

    @Sendable func claim(_ request: Request, _ invocation: Invocation) throws(FunctionError) -> Response {
        let form = try ClaimForm(request.jsonObject())
        let link = try linked(request, in: invocation)
        let address = try ownli.claimRewards(
            of: link, product: form.product, language: form.language, in: invocation)
        return .json(200, ["rewardDeliveryLink": .string(address.reveal())])
    }
}

/// The body of a claim: `{"product","language"?}`.
struct ClaimForm: Equatable {
    let product: String
    let language: String?

    init(_ body: JSON) throws(FunctionError) {
        guard let product = body["product"]?.string, (1...128).contains(product.utf8.count),
            product.utf8.allSatisfy({ $0.isASCIIVisible })
        else { throw .parameter("product", "the id of a product of Ownli's: 1 to 128 visible characters of ASCII") }
        self.product = product
        guard let value = body["language"]?.present else {
            language = nil
            return
        }
        guard let language = value.string, isLanguageTag(language) else {
            throw .parameter("language", "a language's tag, like en or es-MX")
        }
        self.language = language
    }
}

/// Two or three letters, and subtags of two to eight letters and digits behind them (RFC 5646 section 2.1, without what is
/// private or grandfathered).
private func isLanguageTag(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard let language = parts.first, parts.count <= 4 else { return false }
    return (2...3).contains(language.utf8.count)
        && language.utf8.allSatisfy { $0.isASCIIAlphanumeric && !$0.isASCIIDigit }
        && parts.dropFirst().allSatisfy { part in
            (2...8).contains(part.utf8.count) && part.utf8.allSatisfy { $0.isASCIIAlphanumeric }
        }
}
