import Glibc
import Testing

@testable import PartnerCore

extension RecordStore {
    /// Nil for the stand-in.
    fileprivate var opened: RecordStore? {
        if case .notOpened = self { nil } else { self }
    }
}

@Suite("The store's settings")
struct RecordStoreSettingsTests {
    let directory = TestDirectory()

    private var url: String { "sqlite:" + directory.path + "/partner.sqlite" }

    private func read(_ environment: [String: String]) -> (store: RecordStore?, problems: [String]) {
        var settings = SettingsReader(Environment(environment))
        let store = RecordStore(reading: &settings).opened
        return (store, settings.problems.map { $0.description })
    }

    @Test("open the file that is named")
    func opens() throws {
        let (store, problems) = read(["STORE_URL": url])
        #expect(problems == [])
        let invocation = Invocation.forStore()
        try #require(store).put(RecordKey(partition: "p", sort: "s"), ["a": "1"], in: invocation)
        try #require(store).probe.run(invocation)
        #expect(exists(directory.path + "/partner.sqlite"))
    }

    @Test(
        "refuse what names no store, without repeating it",
        arguments: [
            "partner.sqlite", "sqlite:", "SQLITE:x", "sqlite", "postgres://user:password@db/x", "file:x", ":memory:",
            " ",
        ])
    func badURL(_ url: String) {
        let (store, problems) = read(["STORE_URL": url])
        #expect(store == nil)
        #expect(problems == ["STORE_URL: expected sqlite:PATH, dynamodb:TABLE or firestore:PROJECT[/DATABASE]"])
    }

    @Test(
        "refuse an emulator where the service is deployed",
        arguments: [["K_SERVICE": "relay"], ["AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"]])
    func emulator(_ platform: [String: String]) {
        let settings = ["STORE_URL": "firestore:shop-partners", "FIRESTORE_EMULATOR_HOST": "firestore:8080"]
        #expect(read(settings).problems == [])
        #expect(
            read(settings.merging(platform) { $1 }).problems == [
                "FIRESTORE_EMULATOR_HOST: an emulator is for development, not for Cloud Run or Lambda"
            ])
    }

    @Test("say why a file cannot be used")
    func cannotOpen() {
        let (store, problems) = read(["STORE_URL": "sqlite:\(directory.path)/none/x.sqlite"])
        #expect(store == nil)
        #expect(
            problems == ["STORE_URL: cannot be opened: the file cannot be made: No such file or directory"])
    }

    @Test("make no file for whoever wants one that is there, and take no other in its place")
    func hasToExist() throws {
        func problems(_ environment: [String: String]) -> [String] {
            var settings = SettingsReader(Environment(environment))
            settings.storeHasToExist = true
            _ = RecordStore(reading: &settings)
            return settings.problems.map { $0.description }
        }
        #expect(
            problems([:]) == [
                "STORE_URL: is required: sqlite:PATH, dynamodb:TABLE or firestore:PROJECT[/DATABASE]"
            ])
        #expect(problems(["STORE_URL": url]) == ["STORE_URL: cannot be opened: there is no such file"])
        #expect(!exists(directory.path + "/partner.sqlite"))
        let empty = directory.path + "/empty.sqlite"
        close(open(empty, O_WRONLY | O_CREAT, 0o600))
        #expect(problems(["STORE_URL": "sqlite:" + empty]) == ["STORE_URL: cannot be opened: the file is empty"])
        #expect(try readFile(empty) == [])
        _ = read(["STORE_URL": url])
        #expect(problems(["STORE_URL": url]) == [])
    }

    @Test("are listed without a file being made")
    func describing() {
        let wasThere = exists("partner.sqlite")
        var settings = SettingsReader.describing
        #expect(RecordStore(reading: &settings).opened == nil)
        #expect(settings.problems == [])
        #expect(settings.entries.prefix(2).map { $0.name } == ["STORE_URL", "STORE_EPHEMERAL"])
        #expect(settings.entries.prefix(2).map { $0.defaultValue } == ["sqlite:partner.sqlite", "refused"])
        #expect(settings.entries.contains { $0.name == "AWS_ACCESS_KEY_ID" && !$0.isRequired })
        #expect(exists("partner.sqlite") == wasThere)
    }

    @Test("demand a durable store on Lambda")
    func lambda() {
        let wasThere = exists("partner.sqlite")
        let lost =
            "on Lambda a durable store (dynamodb:TABLE or firestore:PROJECT) is needed, or the data would be lost: SQLite's file ends with the environment"
        let lambda = ["AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"]
        for settings in [[:], ["STORE_URL": url], ["STORE_EPHEMERAL": "allowed"]] {
            let (store, problems) = read(lambda.merging(settings) { $1 })
            #expect(store == nil)
            #expect(problems == ["STORE_URL: " + lost])
        }
        #expect(!exists(directory.path + "/partner.sqlite"))
        #expect(exists("partner.sqlite") == wasThere)
    }

    @Test("let an emulator of Lambda use a file, when told so outright")
    func emulator() {
        let (store, problems) = read([
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "STORE_URL": url, "STORE_EPHEMERAL": "allowed",
        ])
        #expect(store != nil)
        #expect(problems == [])
    }

    @Test("demand a durable store on Cloud Run, whatever else is set")
    func cloudRun() {
        let lost =
            "on Cloud Run a durable store (dynamodb:TABLE or firestore:PROJECT) is needed, or the data would be lost: SQLite's file ends with the environment"
        for settings in [[:], ["STORE_URL": url], ["STORE_URL": url, "STORE_EPHEMERAL": "allowed"]] {
            let (store, problems) = read(["K_SERVICE": "user-opt-in"].merging(settings) { $1 })
            #expect(store == nil)
            #expect(problems == ["STORE_URL: " + lost])
        }
    }

    @Test("tell a misspelt permission from a permission")
    func misspelt() {
        let (store, problems) = read([
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "STORE_URL": url, "STORE_EPHEMERAL": "yes",
        ])
        #expect(store == nil)
        #expect(problems.first == "STORE_EPHEMERAL: expected refused or allowed")
    }
}

@Suite("A store's error")
struct StoreErrorTests {
    @Test("is a 503 that can be tried again when the store is not there, with the reason for the log alone")
    func unavailable() {
        for error in [StoreError.unavailable(reason: "disk on fire"), .timedOut] {
            let told = error.functionError
            #expect(told.status == 503)
            #expect(told.code == "STORE_UNAVAILABLE")
            #expect(told.retryAfter == 1)
            #expect(told.isTransient)
            #expect(!told.message.contains("fire"))
        }
        #expect(StoreError.unavailable(reason: "disk on fire").functionError.detail == "disk on fire")
    }

    @Test("is a 500 when a record cannot be read: the store is there, and to try again at once does not help")
    func unreadable() {
        let told = StoreError.unreadable(reason: "a newer build's").functionError
        #expect(told.status == 500 && told.code == "INTERNAL_ERROR" && told.retryAfter == nil)
        // A message waits for the build that reads it, or for whoever mends it.
        #expect(told.isTransient && told.detail == "a newer build's")
    }

    @Test("is a conflict when somebody else was first, and our own fault when a record is none")
    func others() {
        #expect(StoreError.conditionFailed.functionError.status == 409)
        #expect(StoreError.conditionFailed.functionError.code == "CONFLICT")
        let told = StoreError.notStorable(reason: "a text holds a NUL character").functionError
        #expect(told.status == 500)
        #expect(told.detail == "a text holds a NUL character")
    }
}
