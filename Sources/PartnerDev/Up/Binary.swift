import CSystem
import PartnerCore

/// Where a function's executable is, and which build of it.
struct Binary: Sendable, Equatable {
    let path: String
    /// Changes with every build.
    let stamp: Stamp

    struct Stamp: Sendable, Equatable {
        let nanoseconds: Int
        let bytes: Int
    }

    /// The newest of what `scripts/package` and `swift build` made. Nil when neither is there.
    static func newest(of function: Template.Function, in root: String) -> Binary? {
        candidates(function).compactMap { found("\(root)/\($0)") }.max { $0.stamp.nanoseconds < $1.stamp.nanoseconds }
    }

    /// Relative to the repository.
    static func candidates(_ function: Template.Function) -> [String] {
        ["dist/\(machine)/\(function.name)/bootstrap", ".build/debug/\(function.name)"]
    }

    #if arch(arm64)
        private static let machine = "arm64"
    #else
        private static let machine = "x86_64"
    #endif

    private static func found(_ path: String) -> Binary? {
        var status = stat()
        guard stat(path, &status) == 0, access(path, X_OK) == 0 else { return nil }
        return Binary(
            path: path,
            // By the inode's change: packaged programs carry a modification time of 2020, for the zip's sake.
            stamp: Stamp(
                nanoseconds: status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec, bytes: Int(status.st_size))
        )
    }
}
