import Testing

@testable import PartnerCore

@Suite("Totals of rewards")
struct RewardTotalsTests {
    private func entry(
        _ cents: Int, _ state: RewardEntry.State, at seconds: Int = 1_800_000_000, code: String = "purchase",
        from origin: Origin = Origin(.sqs, name: "arn:rewards", id: "1")
    ) -> RewardEntry {
        RewardEntry(
            RewardRequest(userID: "XT_USR1", amount: Cents(cents), actionCode: code, clientReference: "r"),
            from: origin, askedAt: Timestamp(epochSeconds: seconds), state: state)
    }

    @Test("are by day, action code and who asked, to the cent, what has no answer by itself")
    func rows() throws {
        var totals = RewardTotals()
        let another = Origin(.http, name: "arn:shop", id: "2")
        for entry in [
            entry(10, .granted), entry(20, .granted), entry(3, .asked), entry(2510, .granted, code: "review"),
            entry(1, .granted, from: another), entry(1, .granted, from: Origin(.http, id: "3")),
            entry(5, .granted, at: 1_800_057_600),
        ] {
            totals.add(entry)
        }
        func row(_ index: Int) -> String {
            let row = totals.rows[index]
            return "\(row.day) \(row.actionCode) \(row.way) \(row.name ?? "-") \(row.granted.count) "
                + "\(row.granted.amount.text) \(row.asked.count) \(row.asked.amount.text)"
        }
        #expect(
            totals.rows.indices.map { row($0) } == [
                "2027-01-15 purchase sqs arn:rewards 2 0.30 1 0.03", "2027-01-15 review sqs arn:rewards 1 25.10 0 0.00",
                "2027-01-15 purchase http arn:shop 1 0.01 0 0.00", "2027-01-15 purchase http - 1 0.01 0 0.00",
                "2027-01-16 purchase sqs arn:rewards 1 0.05 0 0.00",
            ])
        #expect(totals.total.granted.count == 6 && totals.total.granted.amount == Cents(2547))
        #expect(totals.total.asked.count == 1 && totals.total.asked.amount == Cents(3))
    }

    @Test("hold a sum however many there are, and names that look the same apart")
    func many() {
        var totals = RewardTotals()
        for number in 0..<10_000 {
            totals.add(entry(1, .granted, from: Origin(.sqs, name: "arn:\(number % 2)", id: "\(number)")))
        }
        totals.add(entry(1, .granted, from: Origin(.sqs, name: "\u{e9}", id: "1")))
        totals.add(entry(1, .granted, from: Origin(.sqs, name: "e\u{301}", id: "1")))
        #expect(totals.rows.map { $0.granted.count } == [5000, 5000, 1, 1])
    }

    @Test("never overflow")
    func overflow() {
        var totals = RewardTotals()
        totals.add(entry(.max, .granted))
        totals.add(entry(1, .granted))
        #expect(totals.rows[0].granted.amount == Cents(.max))
    }
}
