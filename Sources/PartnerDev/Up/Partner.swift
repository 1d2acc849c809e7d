/// A partner whom a company may use without the other.
enum Partner: String, Sendable {
    case ownli
    case ownerRez = "ownerrez"

    /// What template.yaml deploys a partner's functions under.
    var condition: String {
        switch self {
        case .ownli: "HasOwnli"
        case .ownerRez: "HasOwnerRez"
        }
    }

    /// The other one.
    var other: Partner {
        switch self {
        case .ownli: .ownerRez
        case .ownerRez: .ownli
        }
    }
}

extension Template {
    /// The template as it is deployed for one partner alone; for nil, unchanged.
    func only(_ partner: Partner?) -> Template {
        guard let partner else { return self }
        var template = self
        template.functions = functions.filter { $0.condition != partner.other.condition }
        return template
    }
}
