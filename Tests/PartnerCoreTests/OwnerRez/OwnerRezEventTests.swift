import Testing

@testable import PartnerCore

@Suite("An event of OwnerRez's")
struct OwnerRezEventTests {
    private func event(_ text: String) throws -> OwnerRezEvent { OwnerRezEvent(text: text, try json(text)) }

    @Test("a booking's update, as it has been seen")
    func update() throws {
        let event = try event(
            #"{"id":"17e9b27d-2d93-42ef-835c-1201c28ebe90","user_id":347482730,"action":"entity_update","#
                + #""entity_type":"booking","entity_id":16879744,"categories":["charge"],"entity":{"id":16879744}}"#)
        #expect(event.id == #""17e9b27d-2d93-42ef-835c-1201c28ebe90""#)
        #expect(event.kind == "booking.entity_update")
        #expect(event.entity == "booking/16879744")
        #expect(event.revokedAccount == nil)
    }

    @Test("a revocation, as in the guide and as it has been seen since")
    func revocation() throws {
        let guide = try event(#"{"action":"application_authorization_revoked","user_id":347311458}"#)
        let newer = try event(
            #"{"id":"abc","user_id":347311458,"action":"application_authorization_revoked","#
                + #""entity_type":"api_application","entity_id":12345}"#)
        #expect(guide.id == nil)
        #expect(guide.entity == "user/347311458")
        #expect(newer.entity == "api_application/12345")
        for event in [guide, newer] {
            #expect(event.kind == "api_application.application_authorization_revoked")
            #expect(event.revokedAccount == 347_311_458)
        }
    }

    @Test("what is no word or no number is unknown, and in no name")
    func unknown() throws {
        let event = try event(#"{"action":"Ada Lovelace","entity_type":7,"entity_id":null,"user_id":"x"}"#)
        #expect(event.kind == "unknown.unknown")
        #expect(event.entity == "user/unknown")
    }

    @Test("a number and its text are two ids, and what is too long or of another kind is none")
    func ids() throws {
        #expect(try event(#"{"id":5}"#).id == "5")
        #expect(try event(#"{"id":"5"}"#).id == #""5""#)
        #expect(try event(#"{"id":123456789012345678901}"#).id == "123456789012345678901")
        #expect(try event("{\"id\":\(String(repeating: "1", count: 129))}").id == nil)
        #expect(try event(#"{"id":"\#(String(repeating: "x", count: 129))"}"#).id == nil)
        for text in [#"{"id":""}"#, #"{"id":null}"#, #"{"id":1.5}"#, #"{"id":true}"#, #"{"id":[5]}"#, "{}"] {
            #expect(try event(text).id == nil)
        }
    }

    @Test("bodies up to 200 kB are taken, under any name of JSON's or none")
    func bodies() throws {
        func taken(_ size: Int, _ type: String?) -> Int {
            let body = #"{"x":""# + String(repeating: "x", count: size - 8) + #""}"#
            let headers: Headers = type.map { ["Content-Type": $0] } ?? [:]
            do throws(FunctionError) {
                let request = Request(method: "POST", path: "/", headers: headers, body: Array(body.utf8))
                return try OwnerRezEvent(request).text == body ? 200 : 0
            } catch {
                return error.status
            }
        }
        #expect(taken(OwnerRezEvent.largestBody, nil) == 200)
        #expect(taken(20, "application/json;charset=utf-8") == 200)
        #expect(taken(20, "application/vnd.x+JSON") == 200)
        #expect(taken(20, "text/json") == 200)
        #expect(taken(20, "") == 415)
        #expect(taken(20, "json") == 415)
        #expect(taken(20, "application/xml") == 415)
        #expect(OwnerRezEvent.largestBody == 204_800)
    }
}
