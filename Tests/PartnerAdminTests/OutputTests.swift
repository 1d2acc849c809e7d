import PartnerCore
import Testing

@testable import PartnerAdmin

@Suite("Rows of a command")
struct OutputTests {
    private let table = Layout.table([.init("id", 4), .init("name", 6)])

    private func written(
        _ format: Output.Format, _ layout: Layout, _ rows: [JSON], summary: JSON? = nil
    ) throws -> String {
        let text = Lock("")
        let output = Output(format, layout) { line in
            text.withLock { $0 += line }
            return true
        }
        for row in rows { try output.row(row) }
        if let summary { try output.summary(summary) }
        return text.withLock { $0 }
    }

    @Test("A table has its columns' names above it")
    func text() throws {
        #expect(
            try written(.text, table, [["id": 1, "name": "Ada"], ["id": 12345, "name": .null]], summary: ["rows": 2])
                == "id    name\n1     Ada\n12345  -\n\nrows: 2\n")
    }

    @Test("A long text goes on in the next line, and what is below stands in one of its own")
    func below() throws {
        let table = Layout.table([.init("state", 5), .init("found", 9, .wrapped), .init("next", 0, .below)])
        let rows: [JSON] = [
            ["state": "fail", "found": "is neither here nor there", "next": "look there, and be quick about it"],
            ["state": "ok", "found": "unbelievable", "next": .null],
        ]
        #expect(
            try written(.text, table, rows) == """
                state  found
                fail   is
                       neither
                       here nor
                       there
                       -> look there, and be quick about it
                ok     unbelievable

                """)
        #expect(try written(.csv, table, rows).hasPrefix("state,found,next\r\nfail,is neither here nor there,\"look "))
    }

    @Test("Details are a line each")
    func details() throws {
        #expect(try written(.text, .details, [["id": 1, "tags": ["a", "b"]]]) == "id: 1\ntags: [\"a\",\"b\"]\n")
    }

    @Test("Others' text moves no cursor")
    func controls() throws {
        #expect(
            try written(.text, .details, [["name": "a\u{1b}[2Jb\u{9b}c\nd"]])
                == "name: a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d\n")
    }

    @Test("As JSON a row is a line, and the summary the last")
    func json() throws {
        #expect(
            try written(.json, table, [["id": 1, "more": "x"]], summary: ["rows": 1])
                == "{\"id\":1,\"more\":\"x\"}\n{\"summary\":{\"rows\":1}}\n")
    }

    @Test("CSV is quoted where it has to be, and ends its lines as RFC 4180 has it")
    func csv() throws {
        #expect(
            try written(.csv, table, [["id": 1, "name": "a,\"b\""], ["id": 2]], summary: ["rows": 2])
                == "id,name\r\n1,\"a,\"\"b\"\"\"\r\n2,\r\n")
    }

    @Test("Work ends when nobody takes its rows")
    func closed() {
        let output = Output(.text, table) { _ in false }
        #expect(throws: AdminError.outputClosed) { try output.row(["id": 1]) }
    }
}
