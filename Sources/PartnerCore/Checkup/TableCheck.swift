extension DynamoDBStore {
    /// Whether the table is as template.yaml makes it. Whoever may not ask is told which right that takes.
    func shape(in invocation: Invocation) -> [Finding] {
        [
            look("DescribeTable", in: invocation) { answer in
                guard let table = answer["Table"], Self.hasOurKeys(table) else {
                    return [
                        Finding(
                            .fail, "table", "its keys are not partition and sort, both texts",
                            next: "template.yaml has it, under Records")
                    ]
                }
                guard table["DeletionProtectionEnabled"]?.bool == true else {
                    return [
                        Finding(
                            .warn, "table", "has the right keys, and may be deleted by a slip",
                            next: "aws dynamodb update-table --deletion-protection-enabled --table-name ..")
                    ]
                }
                return [Finding(.ok, "table", "has the right keys, and is protected from deletion")]
            },
            look("DescribeTimeToLive", in: invocation) { answer in
                let description = answer["TimeToLiveDescription"]
                let isOn = ["ENABLED", "ENABLING"].contains { $0 == description?["TimeToLiveStatus"]?.string ?? "" }
                guard isOn, description?["AttributeName"]?.string ?? "" == "expires" else {
                    return [
                        Finding(
                            .fail, "table's expiry", "is off: what has expired stays in the table",
                            next: "aws dynamodb update-time-to-live --time-to-live-specification "
                                + "Enabled=true,AttributeName=expires --table-name ..")
                    ]
                }
                return [Finding(.ok, "table's expiry", "is on, by expires")]
            },
            look("DescribeContinuousBackups", in: invocation) { answer in
                let status = answer["ContinuousBackupsDescription"]?["PointInTimeRecoveryDescription"]?[
                    "PointInTimeRecoveryStatus"]
                guard status?.string ?? "" == "ENABLED" else {
                    return [
                        Finding(
                            .warn, "table's backup", "there is none",
                            next: "aws dynamodb update-continuous-backups --point-in-time-recovery-specification "
                                + "PointInTimeRecoveryEnabled=true --table-name ..")
                    ]
                }
                return [Finding(.ok, "table's backup", "point-in-time recovery is on")]
            },
        ].flatMap { $0 }
    }

    private func look(
        _ operation: String, in invocation: Invocation, _ judge: (JSON) -> [Finding]
    ) -> [Finding] {
        do throws(StoreError) { return judge(try describe(operation, in: invocation)) } catch {
            return [
                Finding(
                    .warn, "table", "cannot be asked: \(error.reason)", next: "allow dynamodb:\(operation) on the table"
                )
            ]
        }
    }

    private static func hasOurKeys(_ table: JSON) -> Bool {
        func keys(_ list: String, _ value: String) -> [String] {
            (table[list]?.array ?? []).map { "\($0["AttributeName"]?.string ?? "") \($0[value]?.string ?? "")" }
        }
        let types = keys("AttributeDefinitions", "AttributeType")
        let schema = keys("KeySchema", "KeyType")
        return schema.count == 2 && schema[0] == "partition HASH" && schema[1] == "sort RANGE"
            && ["partition S", "sort S"].allSatisfy { wanted in types.contains { $0 == wanted } }
    }
}
