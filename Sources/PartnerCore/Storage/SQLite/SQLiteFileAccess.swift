import CSystem

extension SQLiteConnection {
    /// Refuses a store that others may read, write or exchange: it is people's data, and what is in it is believed.
    ///
    /// - Parameter path: with a directory in it.
    static func checkAccess(_ path: String) throws(StoreError) {
        for (suffix, what) in [("", "the file"), ("-wal", "the file's -wal"), ("-shm", "the file's -shm")] {
            guard let file = FileAccess(path + suffix) else { continue }
            guard !file.isOpenToOthers else {
                throw .unavailable(reason: "others may read or write \(what): chmod 600")
            }
            guard file.isOurs else { throw .unavailable(reason: "\(what) is somebody else's: chown") }
        }
        // The directory of "./partner.sqlite" too has a slash behind it.
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        guard let slash, let directory = FileAccess(String(path[...slash])) else { return }
        guard !directory.isExchangeable else {
            throw .unavailable(reason: "others may exchange what is in the file's directory: chmod o-w")
        }
    }
}
