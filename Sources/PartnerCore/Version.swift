import CCurl
import CSQLite

/// The release, as `--version` and the User-Agent say it.
public let version = "0.1.0"

/// What is linked, for `--version`: `libcurl/7.88.1 OpenSSL/3.0.17 c-ares/1.18.1 SQLite/3.40.1`, as libcurl itself names
/// what it stands on.
func linkedLibraries() -> String {
    let curl = String(cString: curl_version())
    guard let sqlite = csqlite_version() else { return curl }
    return "\(curl) SQLite/\(String(cString: sqlite))"
}
