import PartnerCore

/// What the company's servers may do at OwnerRez.
struct AllowedMethods {
    let all: [String]

    static let known = ["GET", "POST", "PATCH", "PUT", "DELETE"]

    init(reading settings: inout SettingsReader) {
        all = settings.value(
            "OWNERREZ_ALLOWED_METHODS", default: "GET", placeholder: ["GET"],
            expected: "some of GET, POST, PATCH, PUT and DELETE, comma-separated",
            "methods that services may call OwnerRez's API with, comma-separated"
        ) { text in
            let methods = text.commaSeparated
            return !methods.isEmpty && methods.allSatisfy { Self.known.contains($0) } ? methods : nil
        }
    }

    func check(_ method: String) throws(FunctionError) {
        guard all.contains(method) else {
            throw FunctionError(
                405, "METHOD_NOT_ALLOWED", "This function calls OwnerRez with \(all.joined(separator: ", "))")
        }
    }
}
