import Foundation

/// A reward of a user's.
public struct OwnliReward: Sendable, Equatable {
    /// `XT_DBR...`
    public let id: String
    public let status: Status
    /// `Custom`, `MileageCheckIn`, ...
    public let type: String?
    public let description: String?
    public let actionCode: String?
    public let clientReference: String?
    /// Nil when Ownli does not say.
    public let amount: Dollars?
    /// Nil when Ownli does not say, or in no form that it documents.
    public let dateRewarded: Date?

    /// There may come others than are known today.
    public struct Status: RawRepresentable, Sendable, Hashable, Decodable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public static let pending = Status(rawValue: "Pending")
        public static let confirmed = Status(rawValue: "Confirmed")
        public static let declined = Status(rawValue: "Declined")
        public static let claimed = Status(rawValue: "Claimed")
    }
}

extension OwnliReward: Decodable {
    private enum CodingKeys: CodingKey {
        case id, status, type, description, actionCode, clientReference, amount, dateRewarded
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        id = try members.decode(String.self, forKey: .id)
        status = try members.decode(Status.self, forKey: .status)
        type = try members.decodeIfPresent(String.self, forKey: .type)
        description = try members.decodeIfPresent(String.self, forKey: .description)
        actionCode = try members.decodeIfPresent(String.self, forKey: .actionCode)
        clientReference = try members.decodeIfPresent(String.self, forKey: .clientReference)
        amount = try members.decodeIfPresent(Dollars.self, forKey: .amount)
        dateRewarded = try members.decodeIfPresent(String.self, forKey: .dateRewarded).flatMap(date)
    }
}

extension OwnliClient {
    /// `GET /api/users/by-id/:id/rewards`
    public func rewards(ofUser id: String) async throws -> [OwnliReward] {
        try await answer(to: OwnliRequest("GET", "/api/users/by-id/\(pathSegment(id))/rewards")).decoded()
    }

    /// `POST /api/users/by-id/:id/rewards/claim`: claims what is confirmed. It is not to be sent again unasked: whether it
    /// may be is not documented.
    ///
    /// - Parameters:
    ///   - product: the id of one of Ownli's products, as which it is paid out (`GET /api/rewards/products`).
    ///   - language: Ownli's `en` if nil.
    /// - Returns: where the user takes it.
    /// - Throws: `OwnliClientError.ownliRefused`, for one with `ERROR_NO_CONFIRMED_REWARDS`.
    public func claimRewards(ofUser id: String, product: String, language: String? = nil) async throws -> URL {
        var query = [URLQueryItem(name: "product", value: product)]
        if let language { query.append(URLQueryItem(name: "language", value: language)) }
        let request = try OwnliRequest("POST", "/api/users/by-id/\(pathSegment(id))/rewards/claim", query: query)
        return try await answer(to: request).decoded(as: Claimed.self).link
    }
}

/// What a claim is answered.
struct Claimed: Decodable {
    let link: URL

    private enum CodingKeys: String, CodingKey { case rewardDeliveryLink }

    /// It is going to be opened: nothing but `https` is.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        link = try members.decode(URL.self, forKey: .rewardDeliveryLink)
        guard link.scheme == "https", link.host?.isEmpty == false else {
            throw DecodingError.dataCorruptedError(
                forKey: .rewardDeliveryLink, in: members, debugDescription: "no https address")
        }
    }
}

/// RFC 3339 in UTC, with a fraction of a second or without: `2026-04-25T10:15:30Z`.
func date(_ text: String) -> Date? {
    (try? Date(text, strategy: .iso8601))
        ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
}
