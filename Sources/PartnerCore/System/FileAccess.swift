import CSystem

/// Who may do what with a file or a directory (stat(2)), by its mode as chmod(1) has it in octal numbers.
struct FileAccess {
    private let mode: mode_t
    private let owner: uid_t

    /// Of what a link leads to. Nil where there is nothing, or nothing that we are told of.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        mode = status.st_mode
        owner = status.st_uid
    }

    /// Whether anybody but its owner may read or write it, the group among them.
    var isOpenToOthers: Bool { mode & 0o077 != 0 }

    /// Whether everybody may write it.
    var isWritableByAll: Bool { mode & 0o002 != 0 }

    /// Of a directory: whether everybody may remove and rename what is in it. In `/tmp` (the sticky bit) only its owner may.
    var isExchangeable: Bool { isWritableByAll && mode & 0o1000 == 0 }

    /// Whether its owner is this process's user, or root, who may do everything anyhow.
    var isOurs: Bool { owner == geteuid() || owner == 0 }
}
