import PartnerCore

extension SandboxState {
    /// `PUT /_sandbox/ownerrez/app`: what the app's settings at OwnerRez say, and how OwnerRez behaves where documents
    /// differ or say nothing. What is not understood changes nothing.
    mutating func setApp(_ request: Request) throws(SandboxError) {
        let parameters = try Parameters(
            body: request,
            allowed: [
                "redirect_uri", "policy", "code_seconds", "token_seconds", "status_without_user_agent", "rate_limit",
                "rate_seconds", "deliver", "ids", "lost", "spelling", "order", "times", "agreement",
                "clock_offset_seconds",
            ])
        var changed = ownerRez
        if let uri = try parameters.optionalText("redirect_uri") { changed.redirectURI = uri }
        changed.policy = try parameters.choice("policy", default: changed.policy)
        changed.codeSeconds = try parameters.number("code_seconds", default: changed.codeSeconds, in: 0...600)
        changed.tokenSeconds = try parameters.number(
            "token_seconds", default: changed.tokenSeconds, in: 0...2_592_000)
        let status = try parameters.number(
            "status_without_user_agent", default: changed.statusWithoutUserAgent, in: 401...403)
        guard status != 402 else { throw .invalid("status_without_user_agent must be 401 or 403") }
        changed.statusWithoutUserAgent = status
        changed.rate.limit = try parameters.number("rate_limit", default: changed.rate.limit, in: 0...1_000_000)
        changed.rate.seconds = try parameters.number("rate_seconds", default: changed.rate.seconds, in: 1...86_400)
        changed.way = try parameters.choice("deliver", default: changed.way)
        let ids = try parameters.choice("ids", default: changed.hasOwnIDs ? EventIDs.different : .same)
        changed.hasOwnIDs = ids == .different
        changed.isLosing = try parameters.optionalBool("lost") ?? changed.isLosing
        changed.spelling = try parameters.choice("spelling", default: changed.spelling)
        changed.order = try parameters.choice("order", default: changed.order)
        changed.timeForm = try parameters.choice("times", default: changed.timeForm)
        changed.hasAgreement = try parameters.optionalBool("agreement") ?? changed.hasAgreement
        changed.clockOffsetSeconds = try parameters.number(
            "clock_offset_seconds", default: changed.clockOffsetSeconds, in: -315_360_000...315_360_000)
        ownerRez = changed
    }
}

/// Of an event that comes by two ways.
private enum EventIDs: String, CaseIterable { case same, different }

extension Parameters {
    /// One of an enum's names.
    fileprivate func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, default standard: Choice
    ) throws(SandboxError) -> Choice where Choice.RawValue == String {
        guard let text = try optionalText(name) else { return standard }
        guard let choice = Choice(rawValue: text) else {
            throw .invalid("\(name) must be \(Choice.allCases.map { $0.rawValue }.joined(separator: " or "))")
        }
        return choice
    }
}
