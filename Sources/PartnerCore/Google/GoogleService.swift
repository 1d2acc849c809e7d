/// The APIs of Google Cloud that we call, each by its JSON form.
enum GoogleService: Sendable {
    case firestore, pubSub

    var name: String {
        switch self {
        case .firestore: "firestore"
        case .pubSub: "pubsub"
        }
    }

    var defaultEndpoint: String { "https://\(name).googleapis.com" }

    /// As Google's own client libraries have it.
    var emulatorSetting: String {
        switch self {
        case .firestore: "FIRESTORE_EMULATOR_HOST"
        case .pubSub: "PUBSUB_EMULATOR_HOST"
        }
    }

    /// As gcloud has it; where Private Service Connect is used, for one.
    var endpointSetting: String {
        switch self {
        case .firestore: "CLOUDSDK_API_ENDPOINT_OVERRIDES_FIRESTORE"
        case .pubSub: "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB"
        }
    }
}
