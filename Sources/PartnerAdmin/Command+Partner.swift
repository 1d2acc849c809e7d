import PartnerCore

extension Command {
    /// A partner without whom a command has nothing to do.
    enum Partner: Sendable {
        case ownli, ownerRez

        private var name: String {
            switch self {
            case .ownli: "Ownli"
            case .ownerRez: "OwnerRez"
            }
        }

        /// What is set wherever the partner is used.
        private var setting: String {
            switch self {
            case .ownli: "REWARD_QUEUE_URL"
            case .ownerRez: "OWNERREZ_CLIENT_ID"
            }
        }

        /// What to say beside the settings that are missing. Empty where the partner is used.
        func absence(in environment: Environment) -> String {
            guard environment[setting] == nil else { return "" }
            return "\nwhere \(name) is not used, and \(setting) not set, there is nothing for this command to do"
        }
    }
}
