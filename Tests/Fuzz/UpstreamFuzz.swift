import Glibc

@testable import PartnerCore

/// An upstream's answer, byte for byte. The first byte of the input chooses who asks.
///
/// Whatever comes, it is an answer or an error, and no error repeats what an upstream said.
enum UpstreamFuzz {
    private static let callers: [@Sendable (Invocation) -> Void] = [
        mintToken, grant, listRewards, createUser, exchangeCode, askOwnerRez, getItem, queryItems, getSecret,
        sendMessage,
        putEvent, getDocument, runQuery, publish, fetchKeys, discoverKeys, takeInvocation,
    ]

    /// What an upstream's words are known by. (A code of AWS's is one word, and is kept.)
    private static let marker = "open sesame"

    static func run(_ input: [UInt8]) {
        guard let first = input.first else { return }
        FuzzUpstream.answer(Array(input.dropFirst()))
        // Enough for one call; what a retry would wait for is over.
        let invocation = Invocation(requestID: "r", deadline: .after(milliseconds: 510), log: Log(descriptor: -1))
        callers[Int(first) % callers.count](invocation)
    }

    private static func read<Value>(_ read: (inout SettingsReader) -> Value) -> Value {
        let url = "http://127.0.0.1:\(FuzzUpstream.port)"
        var settings = SettingsReader(
            Environment([
                "OWNLI_BASE_URL": url, "OWNLI_CLIENT_ID": "id", "OWNLI_CLIENT_SECRET": "s", "OWNLI_PARTNER_ID": "p",
                "OWNERREZ_CLIENT_ID": "c_1", "OWNERREZ_CLIENT_SECRET": "s", "OWNERREZ_API_URL": url,
                "OWNERREZ_REDIRECT_URI": "https://api.example.com/cb", "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": url,
                "FIRESTORE_EMULATOR_HOST": "127.0.0.1:\(FuzzUpstream.port)",
                "PUBSUB_EMULATOR_HOST": "127.0.0.1:\(FuzzUpstream.port)",
            ]))
        let value = read(&settings)
        precondition(settings.problems.isEmpty)
        return value
    }

    // MARK: Ownli

    private static let ownli = read { OwnliAPI(reading: &$0) }

    private static func check(_ error: FunctionError) {
        hold((400...599).contains(error.status), "an error has an error's status")
        hold((1...86_400).contains(error.retryAfter ?? 1), "nobody is asked to wait for more than a day")
        hold(!error.message.contains(marker) && error.detail?.contains(marker) != true, "an upstream is not repeated")
    }

    private static func mintToken(_ invocation: Invocation) {
        do throws(OwnliError) {
            let token = try ownli.mintToken(.user, in: invocation)
            hold((0...31_536_000).contains(token.secondsLeft), "a token lives for a time")
            hold(token.secret.reveal().utf8.allSatisfy { $0.isASCIIVisible }, "a token can be sent")
        } catch {
            check(error.functionError)
        }
    }

    private static func grant(_ invocation: Invocation) {
        let order = RewardRequest(userID: "U", amount: Cents(2510), actionCode: "a", clientReference: "r")
        // The same bytes answer for the token and for the grant.
        do throws(OwnliError) { hold(try ownli.grant(order, in: invocation).request == order, "as was asked") } catch {
            check(error.functionError)
        }
    }

    private static func listRewards(_ invocation: Invocation) {
        do throws(FunctionError) {
            hold(try ownli.rewards(actionCode: nil, page: 0, in: invocation).members != nil, "a page is an object")
        } catch { check(error) }
    }

    private static func createUser(_ invocation: Invocation) {
        let address = NewOwnliUser.Address(state: "CA", addressLine1: nil, addressLine2: nil, city: nil, zip: nil)
        let user = NewOwnliUser(
            firstName: "A", lastName: "L", phone: "+15556667777", isPhoneVerified: true, email: nil,
            isEmailVerified: false, address: address)
        do throws(FunctionError) {
            hold((1...128).contains(try ownli.create(user, in: invocation).utf8.count), "an id is not endless")
        } catch { check(error) }
    }

    // MARK: OwnerRez

    private static let oauth = read { OwnerRezOAuth(reading: &$0) }
    private static let ownerRez = read { OwnerRezAPI(reading: &$0) }

    private static func exchangeCode(_ invocation: Invocation) {
        do throws(OwnerRezError) {
            let granted = try oauth.exchange(code: "c", in: invocation)
            hold(granted.account.id > 0, "an account has a number")
            hold(granted.tokens.isFresh(at: .now()) == granted.tokens.isFresh(at: .now()), "a token's time can be told")
        } catch { hold(!error.description.contains(marker), "an upstream is not repeated") }
    }

    private static func askOwnerRez(_ invocation: Invocation) {
        do throws(OwnerRezError) { _ = try ownerRez.accepts(Secret("t"), in: invocation) } catch {
            hold(!error.description.contains(marker), "an upstream is not repeated")
        }
    }

    // MARK: AWS and Google

    // Not as one of the stores: the leak detector does not see what an enum's case points to.
    private static let dynamoDBStore = read { DynamoDBStore(table: "table", reading: &$0) }
    private static let firestoreStore = read { FirestoreStore(FirestoreDatabase("shop-1")!, reading: &$0) }
    private static var dynamoDB: RecordStore { .dynamoDB(dynamoDBStore) }
    private static var firestore: RecordStore { .firestore(firestoreStore) }
    private static let secrets = read { AWSClient(.secretsManager, reading: &$0) }
    private static let queue = read { AWSClient(.sqs, reading: &$0) }
    private static let bus = read { AWSClient(.eventBridge, reading: &$0) }
    private static let topic = read { GoogleClient(.pubSub, reading: &$0) }

    private static func get(from store: RecordStore, _ invocation: Invocation) {
        do throws(StoreError) { check(try store.get(RecordKey(partition: "p", sort: "s"), in: invocation)) } catch {
            check(error.functionError)
        }
    }

    private static func list(from store: RecordStore, _ invocation: Invocation) {
        do throws(StoreError) {
            for record in try store.list(partition: "p", limit: 2, in: invocation) { check(record) }
        } catch { check(error.functionError) }
    }

    private static func check(_ record: Record?) {
        guard let record else { return }
        for name in record.attributes.keys {
            if let time = try? record.time(name) { hold(time.rfc3339.utf8.count == 24, "a time can be written") }
        }
        hold(record.item["revision"] != nil, "a record can be written back")
        hold((try? record.firestoreFields()) != nil || record.attributes.count > 0, "to either store")
    }

    private static func getItem(_ invocation: Invocation) { get(from: dynamoDB, invocation) }
    private static func queryItems(_ invocation: Invocation) { list(from: dynamoDB, invocation) }
    private static func getDocument(_ invocation: Invocation) { get(from: firestore, invocation) }
    private static func runQuery(_ invocation: Invocation) { list(from: firestore, invocation) }
    private static func getSecret(_ invocation: Invocation) {
        call(secrets, "secretsmanager.GetSecretValue", invocation)
    }
    private static func sendMessage(_ invocation: Invocation) { call(queue, "AmazonSQS.SendMessage", invocation) }
    private static func putEvent(_ invocation: Invocation) { call(bus, "AWSEvents.PutEvents", invocation) }

    private static func call(_ client: AWSClient, _ target: String, _ invocation: Invocation) {
        do throws(AWSError) { _ = try client.call(target, [:], in: invocation) } catch {
            hold(!error.description.contains(marker), "an upstream is not repeated")
        }
    }

    private static func publish(_ invocation: Invocation) {
        do throws(GoogleError) { _ = try topic.call("publish", "t:publish", [:], in: invocation) } catch {
            hold(!error.description.contains(marker), "an upstream is not repeated")
        }
    }

    // MARK: the issuer, and the Runtime API

    private static let keys = read { HTTPClient(reading: &$0, largestAnswer: KeySource.largestAnswer) }

    private static func fetchKeys(_ invocation: Invocation) {
        fetch(.address("http://127.0.0.1:\(FuzzUpstream.port)/keys"), invocation)
    }

    private static func discoverKeys(_ invocation: Invocation) {
        fetch(.discovery(issuer: "http://127.0.0.1:\(FuzzUpstream.port)"), invocation)
    }

    private static func fetch(_ place: KeySource.Place, _ invocation: Invocation) {
        do throws(KeySourceError) { _ = try KeySource(place: place, http: keys).fetch(in: invocation) } catch {
            hold(!error.description.contains(marker), "an upstream is not repeated")
        }
    }

    private static func takeInvocation(_ invocation: Invocation) {
        let next = try? LambdaAPI(address: "127.0.0.1:\(FuzzUpstream.port)").next()
        guard let milliseconds = next?.deadline.flatMap({ Int($0) }) else { return }
        let deadline = Deadline.after(
            milliseconds: milliseconds.saturatingSubtracting(Timestamp.now().epochMilliseconds))
        hold(deadline.remainingMilliseconds <= .max && deadline.timespec.tv_nsec >= 0, "a deadline can be waited for")
    }
}

/// Whatever is connected to: a pair of sockets, with the answer in it before anybody asks. Nobody has to be waited for.
enum FuzzUpstream {
    private struct State {
        var answer: [UInt8] = []
        /// Ours of every pair, until the next answer.
        var ends: [Int32] = []
    }

    private static let state = Lock(State())

    static let port = 9

    static func answer(_ bytes: [UInt8]) {
        state.withLock { state in
            for end in state.ends { close(end) }
            state = State(answer: bytes)
        }
    }

    fileprivate static func connect(_ descriptor: Int32) -> Int32 {
        var pair: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { return -1 }
        dup2(pair[0], descriptor)
        close(pair[0])
        state.withLock { state in
            _ = send(pair[1], state.answer, state.answer.count, Int32(MSG_NOSIGNAL))
            shutdown(pair[1], Int32(SHUT_WR))
            state.ends.append(pair[1])
        }
        return 0
    }
}

/// In place of libc's, for libcurl too.
@_cdecl("connect")
public func connectToFuzzUpstream(_ descriptor: Int32, _ address: UnsafeRawPointer?, _ length: UInt32) -> Int32 {
    FuzzUpstream.connect(descriptor)
}
