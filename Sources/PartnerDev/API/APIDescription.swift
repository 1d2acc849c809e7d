import PartnerCore

/// The description of all routes (OpenAPI 3.1), for whoever calls them. It is part of this program.
enum APIDescription {
    static let yaml = PackageResources.openapi_yaml

    /// The same for the page: browsers read no YAML.
    static let json: JSON = {
        do throws(YAMLError) { return try YAML.parse(yaml, scalars: .json) } catch {
            fatalError("API/openapi.yaml: \(error.description)")
        }
    }()
}
