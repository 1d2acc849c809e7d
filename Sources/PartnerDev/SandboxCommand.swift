import CSystem
import PartnerCore

/// `partner-dev sandbox`: serves the double until SIGTERM or SIGINT.
struct SandboxCommand {
    static let usage = """
        usage: partner-dev sandbox [--port N] [--token-lifetime SECONDS]

          --port N                   8787; 0 for any that is free
          --token-lifetime SECONDS   3600

        A double of Ownli and of OwnerRez on 127.0.0.1. Its one line of output says where: "sandbox:
        http://127.0.0.1:PORT". Ownli's accepts clientId \(Sandbox.clientID), clientSecret \(Sandbox.clientSecret),
        partnerId \(Sandbox.partnerID). OwnerRez's accepts the app \(OwnerRezDouble.clientID) with \
        \(OwnerRezDouble.clientSecret), and has the
        accounts \(OwnerRezDouble.accounts.map { "\($0.id)" }.joined(separator: ", ")).

        For tests and demonstrations:
          POST   /_sandbox/faults         {"route":"POST /api/rewards/grant","fault":F,"times":1}, queued
                 the route may also be * for any, or ownli or ownerrez for any of theirs; "seconds" in place of times
                 has it last so long, and "account" means one of OwnerRez's alone
                 F: status ("status", "headers", "body", "contentType"), answer ("body", "contentType"),
                    delay ("milliseconds"), silence ("milliseconds"), reset, garbage,
                    drop (the effect and no answer, for "milliseconds"), huge, redirect,
                    page (a list's "next" page: an address or itself; rows, or one "row", "without" these members)
          DELETE /_sandbox/faults         nothing goes wrong any more
          GET    /_sandbox/calls          what was called and how it was answered; DELETE forgets it
          GET    /_sandbox/state          {"users":0,"rewards":0,"tokens":0}
          POST   /_sandbox/expire-tokens  every token of Ownli's becomes invalid
          POST   /_sandbox/reset          forgets everything
          GET    /_sandbox/ownerrez       {"policy","redirect_uri","codes":0,"tokens":0,"deliveries":[],"waiting":0,..}
          PUT    /_sandbox/ownerrez/app   {"redirect_uri":"http://..","policy":"none" or "standard","code_seconds":600,
                                          "token_seconds":2592000,"status_without_user_agent":403 or 401,
                 "rate_limit":300 (0: any),"rate_seconds":300,"agreement":false,"clock_offset_seconds":0,
                 "deliver":"both", "setting" or "subscriptions","ids":"same" or "different","lost":false,
                 "spelling":"snake" or "capitalised","order":"id", "updated" or "newest",
                 "times":"ticks", "seconds" or "zoneless"}
          PUT    /_sandbox/ownerrez/webhook      {"url","user","password"}: where events are sent to
          POST   /_sandbox/ownerrez/events       {"events":[{..}],"copies":1,"reversed":false}
          POST   /_sandbox/ownerrez/revocations  {"user_id":347482730,"form":"guide" or "newer"}
          POST   /_sandbox/ownerrez/tokens       {"user_id":347482730}: a token without anybody's asking; makes accounts
          POST   /_sandbox/ownerrez/changes      {"user_id":..,"changes":[{"do":"create","type":"booking","fields":{},
                 "count":1}, {"do":"update" or "delete","type":..,"id":..}],"lost":false,"copies":1,"reversed":false,
                 "after":"GET /v2/bookings"}: at once, or after the next call of that route; "updated_utc" dates one
          GET    /_sandbox/ownerrez/changes      all so far, each with the event that tells of it
          GET    /_sandbox/ownerrez/records      ?user_id=..: what the account has, by its lists' names
          GET    /_sandbox/ownerrez/subscriptions
          POST   /_sandbox/ownerrez/silence      {"user_id":..}: its subscriptions are listed, and nothing comes by them
          GET    /_sandbox/ownerrez/requests     how many each account's tokens came with, by route; DELETE forgets it
          POST   /oauth/authorize                a form: what the page was asked with, decision=approve or deny,
                                                 and account, if it is not the first

        """

    var port = 8787
    var tokenLifetime = 3600

    /// - Returns: nil when the arguments are not understood.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst().flatMap({ Int($0) }) else { return nil }
            switch option {
            case "--port" where (0...65_535).contains(value): port = value
            case "--token-lifetime" where (1...86_400).contains(value): tokenLifetime = value
            default: return nil
            }
        }
    }

    /// - Returns: the exit status.
    static func run(_ arguments: [String]) -> Int32 {
        if arguments == ["--help"] {
            PartnerDev.write(usage, to: STDOUT_FILENO)
            return 0
        }
        guard let command = SandboxCommand(arguments) else {
            PartnerDev.write(usage, to: STDERR_FILENO)
            return 2
        }
        do {
            try command.serve()
            return 0
        } catch {
            PartnerDev.write("partner-dev sandbox: \(error.description)\n", to: STDERR_FILENO)
            return 1
        }
    }

    private func serve() throws(HTTPServerError) {
        let signals = TerminationSignals()
        let sandbox = Sandbox(tokenLifetime: tokenLifetime)
        let server = try HTTPServer(port: port, now: { sandbox.now }) { sandbox.reply(to: $0) }
        PartnerDev.write("sandbox: http://127.0.0.1:\(server.port)\n", to: STDOUT_FILENO)
        try server.run(until: signals) { sandbox.stop() }
    }
}
