import PartnerCore
import Testing

@testable import PartnerDev

/// OwnerRez's API as an app calls it for one account, and what a test asks of its double.
struct OwnerRezClient {
    static let account = 347_482_730

    let sandbox: SandboxClient
    let account: Int
    let token: String

    init(_ sandbox: SandboxClient, account: Int = OwnerRezClient.account) throws {
        self.sandbox = sandbox
        self.account = account
        let answer = try sandbox.send("POST", "/_sandbox/ownerrez/tokens", body: #"{"user_id":\#(account)}"#)
        token = try #require(answer.json["access_token"]?.string)
    }

    func send(_ method: String, _ path: String, _ body: String? = nil) throws -> SandboxClient.Answer {
        try sandbox.send(
            method, "/v2/\(path)", token: token, body: body, headers: "User-Agent: Tests/1.0 (c_sandbox)\r\n")
    }

    func get(_ path: String) throws -> JSON {
        let answer = try send("GET", path)
        #expect(answer.status == 200, "\(path): \(answer.text)")
        return answer.json
    }

    func ids(_ path: String) throws -> [Int] { Self.ids(try get(path)) }

    static func ids(_ page: JSON) -> [Int] { (page["items"]?.array ?? []).compactMap { $0["id"]?.integer } }

    /// - Parameter rest: further members.
    /// - Returns: the ids of the records, in the order of the changes.
    @discardableResult
    func change(_ changes: String, _ rest: String = "") throws -> [Int] {
        let answer = try sandbox.send(
            "POST", "/_sandbox/ownerrez/changes", body: #"{"user_id":\#(account),"changes":[\#(changes)]\#(rest)}"#)
        #expect(answer.status == 200, "\(answer.text)")
        return (answer.json["changes"]?.array ?? []).compactMap { $0["id"]?.integer }
    }

    @discardableResult
    func create(_ type: String = "booking", count: Int = 1, _ rest: String = "") throws -> [Int] {
        try change(#"{"do":"create","type":"\#(type)","count":\#(count),"fields":{"status":"active"}}"#, rest)
    }

    func set(_ app: String) throws {
        let answer = try sandbox.send("PUT", "/_sandbox/ownerrez/app", body: app)
        #expect(answer.status == 204, "\(answer.text)")
    }

    func control(_ path: String) throws -> JSON { try sandbox.send("GET", "/_sandbox/ownerrez/\(path)").json }

    /// Waits until nothing is on its way any more.
    func settle() throws -> JSON {
        while true {
            let books = try sandbox.send("GET", "/_sandbox/ownerrez").json
            if try #require(books["waiting"]?.integer) == 0 { return books }
            sleep(milliseconds: 10)
        }
    }
}
