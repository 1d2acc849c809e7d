extension Message {
    /// From one record of SQS's. Its body may be missing or of another type: that fails this message alone, later.
    init(record: JSON) throws(EventError) {
        // Without its id a message could not be told apart in the answer, and would be lost.
        guard let id = record["messageId"]?.string, !id.isEmpty else { throw .messageWithoutID }
        self.init(
            id: id, body: record["body"]?.string ?? "", queue: record["eventSourceARN"]?.string,
            group: record["attributes"]?["MessageGroupId"]?.string,
            receiptHandle: record["receiptHandle"]?.string)
    }

    /// Indices of the messages that have to be worked off one after the other: each group's, and each message without one
    /// by itself.
    static func lines(_ messages: [Message]) -> [[Int]] {
        var lines: [[Int]] = []
        var lineOfGroup: [[UInt8]: Int] = [:]
        for (index, message) in messages.enumerated() {
            guard let group = message.group else {
                lines.append([index])
                continue
            }
            if let line = lineOfGroup[Array(group.utf8)] {
                lines[line].append(index)
            } else {
                lineOfGroup[Array(group.utf8)] = lines.count
                lines.append([index])
            }
        }
        return lines
    }
}
