import Testing

@testable import PartnerCore

@Suite("Services that may call over HTTP")
struct AllowedCallersTests {
    @Test(
        "a listed ARN, and every session of a listed role",
        arguments: [
            "arn:aws:iam::123456789012:user/batch",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend/session-1",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend/session-2",
        ])
    func admitted(arn: String) throws { #expect(try callers().admit(.service(arn)) == arn) }

    @Test(
        "another account, another role, another user, or a lookalike is refused",
        arguments: [
            "arn:aws:sts::999999999999:assumed-role/rewards-backend/session-1",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend-2/session",
            "arn:aws:sts::123456789012:assumed-role/backend/rewards-backend",
            "arn:aws:iam::123456789012:user/rewards-backend", "arn:aws:iam::123456789012:user/batch2", "",
            "arn:aws:iam",
            "arn:aws-cn:sts::123456789012:assumed-role/rewards-backend/session-1",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend/", "arn:aws:iam::123456789012:user/batch/x",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend/a/b",
            "arn:aws:sts::123456789012:assumed-role/rewards-bac\u{212a}end/session",
            "arn:aws:iam::123456789012:role/team/rewards-backend", "job@shop.iam.gserviceaccount.com.example",
        ])
    func refused(arn: String) {
        #expect { try callers().admit(.service(arn)) } throws: { ($0 as? FunctionError)?.status == 403 }
    }

    @Test("a person is refused, whoever it is, and nobody is asked to sign in")
    func people() {
        let person = Caller.person(Caller.Person(subject: "arn:aws:iam::123456789012:user/batch"))
        #expect { try callers().admit(person) } throws: { ($0 as? FunctionError)?.status == 403 }
        #expect { try callers().admit(nil) } throws: { ($0 as? FunctionError)?.status == 401 }
    }

    @Test(
        "an entry that can let nobody in is refused at start, and why is said",
        arguments: [
            ("arn:aws:iam::123456789012:role/*", "wildcard"), ("arn:aws:iam::*:role/a", "wildcard"),
            ("arn:aws:sts::123456789012:assumed-role/a/*", "wildcard"),
            ("arn:aws:iam::123456789012:user/batch-?", "wildcard"),
            ("arn:aws:sts::123456789012:assumed-role/a", "session"), ("arn:aws:iam::123456789012:role/", "whole"),
            ("arn:aws:iam::123456789012:role/a/", "whole"), ("arn:aws:iam::123456789012:role", "whole"),
            ("arn:aws:iam::1234:role/a", "whole"), ("arn:aws:iam:us-east-1:123456789012:role/a", "whole"),
            ("arn:aws:iam::123456789012", "whole"), ("arn:", "whole"),
            ("arn:aws:sts::123456789012:assumed-role//s", "whole"),
            ("arn:aws:iam::123456789012:group/a", "nobody"), ("arn:aws:iam::123456789012:policy/a", "nobody"),
            ("arn:aws:iam::123456789012:instance-profile/a", "nobody"), ("arn:aws:iam::123456789012:root/a", "nobody"),
            ("arn:aws:lambda:us-east-1:123456789012:function/f", "whole"), ("arn:aws:s3::123456789012:b", "nobody"),
            ("*", "neither"), ("batch", "neither"), ("ada@example.com", "neither"),
            ("*@p.iam.gserviceaccount.com", "neither"),
            ("job@p.iam.gserviceaccount.com ", ""), ("123456789012", "neither"), ("", ""), (",", "nobody"),
        ])
    func unfit(entry: String, reason: String) {
        var settings = SettingsReader(Environment(["REWARD_ALLOWED_CALLERS": entry]))
        _ = AllowedCallers("REWARD_ALLOWED_CALLERS", to: "grant or list rewards", reading: &settings)
        guard !reason.isEmpty else { return #expect(settings.problems.isEmpty) }
        #expect(settings.problems.count == 1 && settings.problems[0].name == "REWARD_ALLOWED_CALLERS")
        #expect(settings.problems.first?.expected.contains(reason) == true, "\(settings.problems)")
    }

    @Test(
        "whoever can call may be listed",
        arguments: [
            "arn:aws:iam::123456789012:root", "arn:aws-us-gov:iam::123456789012:user/div/ada",
            "arn:aws:sts::123456789012:assumed-role/a/s", "arn:aws:sts::123456789012:federated-user/ada",
            "job@shop.iam.gserviceaccount.com", "123-compute@developer.gserviceaccount.com",
        ])
    func fit(entry: String) throws {
        var settings = SettingsReader(
            Environment(["REWARD_ALLOWED_CALLERS": "arn:aws:iam::123456789012:role/x, \(entry)"]))
        let callers = AllowedCallers("REWARD_ALLOWED_CALLERS", to: "grant or list rewards", reading: &settings)
        #expect(settings.problems.isEmpty)
        #expect(try callers.admit(.service(entry)) == entry)
    }

    @Test("over HTTP, where only Google's tokens name services, a list of ARNs alone lets nobody in")
    func arnsOverHTTP() {
        let (arn, account) = ("arn:aws:iam::123456789012:role/x", "job@shop.iam.gserviceaccount.com")
        func problems(_ list: String, _ protocols: [String: String]) -> Int {
            var settings = SettingsReader(
                Environment(["REWARD_ALLOWED_CALLERS": list].merging(protocols) { $1 }))
            _ = AllowedCallers("REWARD_ALLOWED_CALLERS", to: "grant or list rewards", reading: &settings)
            return settings.problems.count
        }
        #expect(problems(arn, ["PORT": "8080"]) == 1)
        // One set of settings may be for several platforms.
        #expect(problems("\(arn), \(account)", ["PORT": "8080"]) == 0)
        #expect(problems(account, ["PORT": "8080"]) == 0)
        #expect(problems(arn, ["PORT": "8080", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"]) == 0)
        #expect(problems(arn, [:]) == 0)
    }

    private func callers() -> AllowedCallers {
        var settings = SettingsReader(
            Environment([
                "REWARD_ALLOWED_CALLERS":
                    "arn:aws:iam::123456789012:user/batch, arn:aws:iam::123456789012:role/team/rewards-backend"
            ]))
        return AllowedCallers("REWARD_ALLOWED_CALLERS", to: "grant or list rewards", reading: &settings)
    }
}
