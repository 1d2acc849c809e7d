import Foundation
import PartnerCore

/// The members of a JSON object that is sent. What is not documented is refused: it would be a mistake of ours.
struct Parameters {
    private let object: JSON

    init(_ object: JSON, allowed: [String]) throws(SandboxError) {
        guard let members = object.members else { throw .invalid("The body must be a JSON object") }
        for member in members where !allowed.contains(member.name) {
            throw .invalid("There is no parameter \(member.name)")
        }
        self.object = object
    }

    init(body request: Request, allowed: [String]) throws(SandboxError) {
        let types = request.headers.all("Content-Type").map { $0.lowercased().filter { $0 != " " } }
        guard types == ["application/json"] || types == ["application/json;charset=utf-8"] else {
            throw SandboxError(415, "ERROR_INVALID_PARAMETERS", "The content type must be application/json")
        }
        guard let object = try? JSON.parse(request.body) else { throw .invalid("The body is no JSON") }
        try self.init(object, allowed: allowed)
    }

    func value(_ name: String) -> JSON? { object[name] }

    /// A text that must be there, and not be blank.
    func text(_ name: String) throws(SandboxError) -> String {
        guard let text = try optionalText(name), text.contains(where: { !$0.isWhitespace }) else {
            throw .invalid("\(name) is required")
        }
        return text
    }

    func optionalText(_ name: String) throws(SandboxError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else { throw .invalid("\(name) must be a string") }
        return text
    }

    func optionalBool(_ name: String) throws(SandboxError) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let bool = value.bool else { throw .invalid("\(name) must be true or false") }
        return bool
    }

    /// A whole number, which must be there unless there is a default.
    func number(
        _ name: String, default defaultValue: Int?, in range: ClosedRange<Int>
    ) throws(SandboxError) -> Int {
        guard let number = value(name).map({ $0.integer }) ?? defaultValue, range.contains(number) else {
            throw .invalid("\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension Request {
    /// The query's parameters, each at most once, and none that is not documented.
    func queryParameters(allowed: [String]) throws(SandboxError) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = parts[0].removingPercentEncoding, allowed.contains(name),
                let value = parts[1].removingPercentEncoding, parameters.updateValue(value, forKey: name) == nil
            else { throw .invalid("The query is not understood") }
        }
        return parameters
    }
}
