/// A condition as a request has it: the expression, and what its placeholders stand for. Names are placeholders all,
/// since half of them are reserved words (`partition` is).
struct DynamoDBCondition {
    private let expression: String
    private let values: [JSON.Member]

    /// Nil for no condition.
    init?(_ condition: Condition, now: Timestamp) {
        let time = JSON.Member(":now", DynamoDBItem.number(now.epochMilliseconds))
        switch condition {
        case .always: return nil
        case .ifAbsent:
            expression = "attribute_not_exists(#partition) OR #expiresAt <= :now"
            values = [time]
        case .ifRevision(let revision):
            expression = "#revision = :revision AND (attribute_not_exists(#expiresAt) OR #expiresAt > :now)"
            values = [JSON.Member(":revision", DynamoDBItem.number(revision)), time]
        }
    }

    func add(to request: inout JSON) {
        // DynamoDB refuses names that the expression does not use.
        let names = ["partition", "revision", "expiresAt"].filter { name in
            expression.split { $0 == " " || $0 == "(" || $0 == ")" }.contains { $0 == "#" + name }
        }
        request.add("ConditionExpression", .string(expression))
        request.add("ExpressionAttributeNames", .object(names.map { JSON.Member("#" + $0, .string($0)) }))
        request.add("ExpressionAttributeValues", .object(values))
    }
}
