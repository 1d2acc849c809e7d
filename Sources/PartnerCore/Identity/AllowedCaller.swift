/// One entry of the list: an identity that can come to be a caller's, and so can be met.
enum AllowedCaller {
    /// As the caller's, byte for byte.
    case exactly(String)
    /// Every session of a role: `arn:aws:sts::1:assumed-role/name/session` for `arn:aws:iam::1:role/path/name`. (AWS, IAM
    /// identifiers: the session's ARN leaves the path out.)
    case sessions(start: String)

    /// Why an entry would never let anybody in.
    enum Unfit: Error {
        case neither, wildcard, incomplete, sessionMissing, noCaller

        var reason: String {
            switch self {
            case .neither: "is neither an ARN nor a service account's e-mail address"
            case .wildcard: "has a wildcard, and is compared as it stands: list every role or user"
            case .incomplete: "is no whole ARN: arn:aws:iam::123456789012:role/name"
            case .sessionMissing:
                "names no session: list the role, arn:aws:iam::123456789012:role/name, for all of them"
            case .noCaller: "is nobody who calls: list roles, users, or sessions of sts"
            }
        }
    }

    init(_ text: String) throws(Unfit) {
        guard text.utf8.starts(with: "arn:".utf8) else {
            guard isServiceAccount(text) else { throw .neither }
            self = .exactly(text)
            return
        }
        guard !text.utf8.contains(where: { "*?".utf8.contains($0) }) else { throw .wildcard }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 6, !parts[1].isEmpty, parts[3].isEmpty, parts[4].utf8.count == 12,
            parts[4].utf8.allSatisfy({ $0.isASCIIDigit })
        else { throw .incomplete }
        let path = parts[5].split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard !path.dropFirst().contains("") else { throw .incomplete }
        switch (parts[2], path[0], path.count) {
        case ("iam", "role", 2...):
            self = .sessions(start: "arn:\(parts[1]):sts::\(parts[4]):assumed-role/\(path[path.count - 1])/")
        case ("iam", "root", 1), ("iam", "user", 2...), ("sts", "assumed-role", 3), ("sts", "federated-user", 2):
            self = .exactly(text)
        case ("sts", "assumed-role", 2): throw .sessionMissing
        case ("iam", "role", _), ("iam", "user", _), ("sts", "assumed-role", _), ("sts", "federated-user", _):
            throw .incomplete
        default: throw .noCaller
        }
    }

    var isOfIAM: Bool {
        switch self {
        case .exactly(let listed): listed.utf8.starts(with: "arn:".utf8)
        case .sessions: true
        }
    }

    func isSame(as identity: String) -> Bool {
        switch self {
        case .exactly(let listed): return listed.utf8.elementsEqual(identity.utf8)
        case .sessions(let start):
            let session = identity.utf8.dropFirst(start.utf8.count)
            return identity.utf8.starts(with: start.utf8) && !session.isEmpty && !session.contains(UInt8(ascii: "/"))
        }
    }
}

/// `name@project.iam.gserviceaccount.com`, or one of Google's own.
private func isServiceAccount(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty
        && text.utf8.allSatisfy { $0.isASCIIVisible && !"*?".utf8.contains($0) }
        && parts[1].utf8.reversed().starts(with: ".gserviceaccount.com".utf8.reversed())
}
