import PartnerCore

extension Command {
    static let personExport = Command(
        name: ["person", "export"],
        summary: "everything that is kept about one of your users, as one JSON document, for themselves",
        parameters: [Parameter("SUBJECT", "your user's id, the claim sub")]
    ) { settings in
        let store = RecordStore(reading: &settings)
        let exporting = PersonExport(store, receipts: ConsentReceipts(reading: &settings))
        return { (arguments, session) throws(AdminError) in
            var document = PersonDocument()
            var position: ExportPosition?
            repeat {
                try session.checkTime()
                let page = try keeping { () throws(StoreError) in
                    try exporting.page(
                        of: arguments["SUBJECT"], from: position, at: .now(), in: session.invocation())
                }
                try session.output.piece(String(decoding: document.text(of: page), as: UTF8.self))
                position = page.next
            } while position != nil
            try session.output.piece("\n")
        }
    }
}
