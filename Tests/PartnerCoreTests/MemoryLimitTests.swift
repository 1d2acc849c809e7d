import CSystem
import Testing

@testable import PartnerCore

@Suite("The memory limit")
struct MemoryLimitTests {
    /// A tree of files that is gone with the test.
    private final class Tree {
        let root = "/tmp/memory-limit-\(randomID())"
        private var paths: [String] = []

        init(_ files: [String: String]) throws {
            make(root, directory: true)
            for (path, text) in files {
                var directory = root
                for name in path.split(separator: "/").dropLast() {
                    directory += "/" + name
                    make(directory, directory: true)
                }
                make(root + path, directory: false)
                let file = csystem_open(root + path, O_WRONLY, 0)
                try writeAll(Array(text.utf8), to: file)
                close(file)
            }
        }

        private func make(_ path: String, directory: Bool) {
            if directory { mkdir(path, 0o700) } else { close(csystem_open(path, O_CREAT | O_WRONLY, 0o600)) }
            paths.append(path)
        }

        deinit { for path in paths.reversed() where unlink(path) != 0 { rmdir(path) } }
    }

    @Test(
        "is the least that the control groups give",
        arguments: [
            (["/sys/fs/cgroup/memory.max": "268435456\n"], 268_435_456),
            (["/sys/fs/cgroup/memory/memory.limit_in_bytes": "134217728\n"], 134_217_728),
            (
                [
                    "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/memory.max": "1000000\n",
                    "/sys/fs/cgroup/a/b/memory.max": "max\n",
                ], 1_000_000
            ),
            (
                [
                    "/proc/self/cgroup": "4:cpu:/c\n3:memory,x:/a\n",
                    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "2000000\n",
                ], 2_000_000
            ),
        ] as [([String: String], Int)])
    func groups(files: [String: String], expected: Int) throws {
        let tree = try Tree(files)
        #expect(MemoryLimit(root: tree.root).bytes == expected)
    }

    @Test("is the machine's where no group has one")
    func machine() throws {
        let machine = try MemoryLimit(root: Tree([:]).root).bytes
        #expect(machine > 1 << 20 && machine < .max)
        let odd = try Tree(["/sys/fs/cgroup/memory.max": "99999999999999999999\n", "/proc/self/cgroup": "odd"])
        #expect(MemoryLimit(root: odd.root).bytes == machine)
    }
}
