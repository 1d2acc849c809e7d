import PartnerCore
import Testing

@testable import RewardGrant

@Suite("Who may grant over HTTP")
struct AllowedCallersTests {
    @Test(
        "a listed ARN, and every session of a listed role",
        arguments: [
            "arn:aws:iam::123456789012:user/batch",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend/session-1",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend/session-2",
        ])
    func admitted(arn: String) throws { try callers().admit(.service(arn)) }

    @Test(
        "another account, another role, another user, or a lookalike is refused",
        arguments: [
            "arn:aws:sts::999999999999:assumed-role/rewards-backend/session-1",
            "arn:aws:sts::123456789012:assumed-role/rewards-backend-2/session",
            "arn:aws:sts::123456789012:assumed-role/backend/rewards-backend",
            "arn:aws:iam::123456789012:user/rewards-backend", "arn:aws:iam::123456789012:user/batch2", "",
            "arn:aws:iam",
            "arn:aws-cn:sts::123456789012:assumed-role/rewards-backend/session-1",
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

    private func callers() -> AllowedCallers {
        var settings = SettingsReader(
            Environment([
                "REWARD_ALLOWED_CALLERS":
                    "arn:aws:iam::123456789012:user/batch, arn:aws:iam::123456789012:role/team/rewards-backend"
            ]))
        return AllowedCallers(reading: &settings)
    }
}
