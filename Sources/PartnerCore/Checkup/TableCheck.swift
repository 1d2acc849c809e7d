/// Whether a table is as template.yaml makes it. Whoever may not ask is told which right that takes.
extension DynamoDBStore {
    func shape(in work: LongWork) -> [Finding] {
        [keys(in: work.step()), expiry(in: work.step()), backup(in: work.step())]
    }

    func keys(in invocation: Invocation) -> Finding {
        look("table", "DescribeTable", in: invocation) { answer in
            guard let table = answer["Table"], Self.hasOurKeys(table) else {
                return Finding(
                    .fail, "table", "its keys are not partition (HASH) and sort (RANGE), both texts",
                    next: "make another as template.yaml does, under Records, and name it in STORE_URL")
            }
            guard table["DeletionProtectionEnabled"]?.bool == true else {
                return Finding(
                    .warn, "table", "has the right keys, and may be deleted by a slip",
                    next: "aws dynamodb update-table --deletion-protection-enabled --table-name \(self.table)")
            }
            return Finding(.ok, "table", "has the right keys, and is protected from deletion")
        }
    }

    private func expiry(in invocation: Invocation) -> Finding {
        let what = "table's expiry"
        return look(what, "DescribeTimeToLive", in: invocation) { answer in
            let description = answer["TimeToLiveDescription"]
            let isOn = ["ENABLED", "ENABLING"].contains { $0 == description?["TimeToLiveStatus"]?.string ?? "" }
            guard isOn, description?["AttributeName"]?.string ?? "" == "expires" else {
                return Finding(
                    .fail, what, "is off: what has expired stays in the table",
                    next: "aws dynamodb update-time-to-live --table-name \(table) "
                        + "--time-to-live-specification Enabled=true,AttributeName=expires")
            }
            return Finding(.ok, what, "is on, by expires")
        }
    }

    private func backup(in invocation: Invocation) -> Finding {
        let what = "table's backup"
        return look(what, "DescribeContinuousBackups", in: invocation) { answer in
            let recovery = answer["ContinuousBackupsDescription"]?["PointInTimeRecoveryDescription"]
            guard recovery?["PointInTimeRecoveryStatus"]?.string ?? "" == "ENABLED" else {
                return Finding(
                    .warn, what, "there is none",
                    next: "aws dynamodb update-continuous-backups --table-name \(table) "
                        + "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true")
            }
            return Finding(.ok, what, "point-in-time recovery is on")
        }
    }

    private func look(
        _ what: String, _ operation: String, in invocation: Invocation, _ judge: (JSON) -> Finding
    ) -> Finding {
        do throws(StoreError) { return judge(try describe(operation, in: invocation)) } catch {
            return Finding(
                .warn, what, "cannot be asked: \(error.reason)", next: "allow dynamodb:\(operation) on the table")
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
