/// A database of a project: `PROJECT[/DATABASE]`.
struct FirestoreDatabase {
    private let project: String
    private let database: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count <= 2, GoogleProject.isID(parts[0]) else { return nil }
        project = parts[0]
        database = parts.count == 2 ? parts[1] : "(default)"
        guard database == "(default)" || GoogleProject.isName(database, lengths: 4...63, besides: "-") else {
            return nil
        }
    }

    var path: String { "projects/\(project)/databases/\(database)" }
}
