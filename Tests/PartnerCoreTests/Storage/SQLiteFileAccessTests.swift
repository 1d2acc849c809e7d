import Glibc
import Testing

@testable import PartnerCore

@Suite("A store's file")
struct SQLiteFileAccessTests {
    let directory = TestDirectory()

    private var path: String { directory.path + "/partner.sqlite" }

    private func refusal() -> String? {
        do throws(StoreError) {
            _ = try SQLiteStore(path: path)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("that is made can be read and written by its owner alone, whatever the umask is")
    func made() throws {
        let before = umask(0)
        defer { umask(before) }
        let store = RecordStore.sqlite(try SQLiteStore(path: path))
        try store.put(RecordKey(partition: "p", sort: "s"), ["a": "1"], in: .forStore())
        for suffix in ["", "-wal", "-shm"] { #expect(mode(path + suffix) == 0o600, "\(suffix)") }
    }

    @Test("that others may read or write is refused", arguments: [0o640, 0o604, 0o660, 0o602, 0o666] as [mode_t])
    func open(_ mode: mode_t) throws {
        _ = try SQLiteStore(path: path)
        chmod(path, mode)
        #expect(refusal() == "others may read or write the file: chmod 600")
        chmod(path, 0o600)
        #expect(refusal() == nil)
    }

    @Test("is refused with what others may read beside it, which is data too", arguments: ["-wal", "-shm"])
    func beside(_ suffix: String) throws {
        let store = RecordStore.sqlite(try SQLiteStore(path: path))
        try store.put(RecordKey(partition: "p", sort: "s"), ["a": "1"], in: .forStore())
        chmod(path + suffix, 0o644)
        #expect(refusal() == "others may read or write the file's \(suffix): chmod 600")
        withExtendedLifetime(store) {}
    }

    @Test("is refused where everybody may exchange it, unless only its owner may")
    func directoryForAll() throws {
        chmod(directory.path, 0o777)
        #expect(refusal() == "others may exchange what is in the file's directory: chmod o-w")
        chmod(directory.path, 0o1777)
        #expect(refusal() == nil)
    }

    @Test("of somebody else's is refused")
    func somebodyElses() throws {
        try #require(geteuid() == 0, "the tests run as root")
        _ = try SQLiteStore(path: path)
        chown(path, 65534, 65534)
        #expect(refusal() == "the file is somebody else's: chown")
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        #expect(stat(path, &status) == 0)
        return status.st_mode & 0o777
    }
}
