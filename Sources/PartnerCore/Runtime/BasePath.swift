/// Where an API is that has a part of a host's paths only: `partners`, `partners/v1`.
struct BasePath: Sendable {
    /// With the slash before it; empty where the API has all paths.
    private let prefix: String

    /// - Parameter routes: none of them begins as the base path does. So what is taken off is never a route's own.
    init(reading settings: inout SettingsReader, before routes: [Route]) {
        let beginnings = routes.compactMap { $0.path.text.split(separator: "/").first }
        prefix = settings.value(
            "BASE_PATH", default: "", placeholder: "",
            expected: "a path like partners or partners/v1, of letters, digits, - and _, that no route begins like",
            "path under which the API is, where it has not all of a host; it is taken off requests' paths"
        ) { text in
            guard !text.isEmpty else { return "" }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            return parts.allSatisfy(Self.isPart) && !beginnings.contains(parts[0]) ? "/" + text : nil
        }
    }

    private static func isPart(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || [0x2d, 0x5f].contains($0) }
    }

    /// The same request at the path that routes have. A load balancer, a proxy and a REST API leave the base path there. An
    /// HTTP API has taken it off, and under AWS's own name it never was there: so it may be missing.
    func within(_ request: Request) -> Request {
        guard !prefix.isEmpty, let path = request.path.rest(after: prefix), path.hasPrefix("/") else { return request }
        return request.at(path)
    }
}
