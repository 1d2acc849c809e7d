// swift-tools-version:6.1
import PackageDescription

// No packages: the toolchain, and C libraries from Debian. The same sources build as ordinary Swift (swift build,
// swift test) and, with flags that scripts/package adds, as Embedded Swift, which is what ships.
let package = Package(
    name: "partner-functions",
    // OwnliClient's: ContinuousClock came with them. The functions are for Linux.
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        // For apps: Foundation alone, none of the functions' libraries.
        .library(name: "OwnliClient", targets: ["OwnliClient"]),
        .executable(name: "token-relay", targets: ["TokenRelay"]),
        .executable(name: "user-opt-in", targets: ["UserOptIn"]),
        .executable(name: "reward-grant", targets: ["RewardGrant"]),
        .executable(name: "ownerrez-connect", targets: ["OwnerRezConnect"]),
        .executable(name: "ownerrez-webhook", targets: ["OwnerRezWebhook"]),
        .executable(name: "ownerrez-api", targets: ["OwnerRezAPI"]),
        .executable(name: "partner-admin", targets: ["PartnerAdmin"]),
        .executable(name: "partner-dev", targets: ["PartnerDev"]),
    ],
    targets: [
        .target(name: "CSystem", linkerSettings: [.linkedLibrary("m")]),
        .systemLibrary(name: "CAres"),
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CYAML"),
        .target(name: "PartnerCore", dependencies: ["CSystem", "CAres", "CCurl", "COpenSSL", "CSQLite"]),
        .executableTarget(name: "TokenRelay", dependencies: ["PartnerCore"]),
        .executableTarget(name: "UserOptIn", dependencies: ["PartnerCore"]),
        .executableTarget(name: "RewardGrant", dependencies: ["PartnerCore"]),
        .executableTarget(name: "OwnerRezConnect", dependencies: ["PartnerCore"]),
        .executableTarget(name: "OwnerRezWebhook", dependencies: ["PartnerCore"]),
        .executableTarget(name: "OwnerRezAPI", dependencies: ["PartnerCore"]),
        .executableTarget(name: "PartnerAdmin", dependencies: ["PartnerCore", "CSystem"]),
        .executableTarget(
            name: "PartnerDev", dependencies: ["PartnerCore", "CSystem", "COpenSSL", "CYAML"],
            // Part of the program: it needs no files beside it.
            resources: [
                .embedInCode("API/openapi.yaml"),
                .embedInCode("Page/index.html"),
                .embedInCode("Page/api.html"),
                .embedInCode("Page/style.css"),
                .embedInCode("Page/api.css"),
                .embedInCode("Page/api.js"),
                .embedInCode("Page/app.js"),
                .embedInCode("Page/curl.js"),
                .embedInCode("Page/elements.js"),
                .embedInCode("Page/events.js"),
                .embedInCode("Page/kept.js"),
                .embedInCode("Page/map.js"),
                .embedInCode("Page/ownerrez.js"),
                .embedInCode("Page/ownli.js"),
                .embedInCode("Page/requests.js"),
                .embedInCode("Page/session.js"),
                .embedInCode("Page/whatif.js"),
                .embedInCode("Page/wire.js"),
            ]),
        .target(name: "OwnliClient"),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "PartnerCoreTests", dependencies: ["PartnerCore", "TestSupport"]),
        .testTarget(name: "UserOptInTests", dependencies: ["UserOptIn"]),
        .testTarget(name: "OwnerRezAPITests", dependencies: ["OwnerRezAPI"]),
        .testTarget(name: "PartnerAdminTests", dependencies: ["PartnerAdmin"]),
        .testTarget(name: "OwnliClientTests", dependencies: ["OwnliClient", "PartnerDev"]),
        .testTarget(name: "PartnerDevTests", dependencies: ["PartnerDev", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
