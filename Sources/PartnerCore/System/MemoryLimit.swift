import CSystem

/// What memory the process may have.
struct MemoryLimit {
    /// Bytes that it may use before somebody ends it: the least of what its control groups, RLIMIT_AS and the machine give.
    let bytes: Int
    /// Bytes that it may have addresses for (RLIMIT_AS); `.max` where nobody has set that.
    let addressSpace: Int

    /// - Parameter root: tests have a tree of their own; no slash at its end.
    init(root: String = "") {
        addressSpace = Int(clamping: csystem_address_space())
        let groups = Self.files(root).compactMap { path -> Int? in
            // "max" is none (v2); v1 has a number close to 2^63 for it.
            guard let text = try? readFile(path) else { return nil }
            return Int(String(decoding: text.prefix { $0.isASCIIDigit }, as: UTF8.self))
        }
        bytes = ([addressSpace, Int(clamping: csystem_memory())] + groups).min() ?? .max
    }

    /// The limits of the process's control group and of those around it (cgroups(7)). In a container all that is to be
    /// seen of them is at the top.
    private static func files(_ root: String) -> [String] {
        let text = (try? readFile(root + "/proc/self/cgroup")) ?? []
        var files = [root + "/sys/fs/cgroup/memory.max", root + "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            // hierarchy:controllers:path
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isVersion2 = parts[1].isEmpty
            guard isVersion2 || parts[1].split(separator: ",").contains("memory") else { continue }
            var directory = root + (isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory")
            for name in parts[2].split(separator: "/") {
                directory += "/" + name
                files.append(directory + (isVersion2 ? "/memory.max" : "/memory.limit_in_bytes"))
            }
        }
        return files
    }
}
