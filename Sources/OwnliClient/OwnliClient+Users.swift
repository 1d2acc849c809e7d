import Foundation

/// A user as Ownli knows them.
public struct OwnliUser: Sendable, Equatable, Decodable {
    /// `XT_USR...`
    public let id: String
    public let firstName: String?
    public let lastName: String?
    public let email: String?
    /// In E.164: `+15556667777`.
    public let phone: String?
    /// `None`, `Accepted` or `Declined`.
    public let tosAnswer: String?
}

extension OwnliClient {
    /// `GET /api/users/by-id/:id`
    public func user(id: String) async throws -> OwnliUser {
        try await answer(to: OwnliRequest("GET", "/api/users/by-id/\(pathSegment(id))")).decoded()
    }

    /// `GET /api/users/by-phone/:phone`
    /// - Parameter phone: in E.164.
    public func user(phone: String) async throws -> OwnliUser {
        try await answer(to: OwnliRequest("GET", "/api/users/by-phone/\(pathSegment(phone))")).decoded()
    }
}
