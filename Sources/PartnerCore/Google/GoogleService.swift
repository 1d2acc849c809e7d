/// The APIs of Google Cloud that we call, each by its JSON form.
enum GoogleService: Sendable {
    case firestore, pubSub, secretManager

    var name: String {
        switch self {
        case .firestore: "firestore"
        case .pubSub: "pubsub"
        case .secretManager: "secretmanager"
        }
    }

    var defaultEndpoint: String { "https://\(name).googleapis.com" }

    /// Of what is kept in one region only.
    func endpoint(in location: String) -> String { "https://\(name).\(location).rep.googleapis.com" }

    /// As Google's own client libraries have it. Nil where there is no emulator.
    var emulatorSetting: String? {
        switch self {
        case .firestore: "FIRESTORE_EMULATOR_HOST"
        case .pubSub: "PUBSUB_EMULATOR_HOST"
        case .secretManager: nil
        }
    }

    /// As gcloud has it; where Private Service Connect is used, for one.
    var endpointSetting: String {
        switch self {
        case .firestore: "CLOUDSDK_API_ENDPOINT_OVERRIDES_FIRESTORE"
        case .pubSub: "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB"
        case .secretManager: "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
        }
    }
}
