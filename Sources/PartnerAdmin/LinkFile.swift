import PartnerCore

/// Links line by line, as CSV (RFC 4180) or as JSON:
///
///     internalId,ownliUserId                              in any order; other columns are passed over
///     user-42,XT_USRabc123
///
///     {"internalId":"user-42","ownliUserId":"XT_USRabc123"}
///
/// An id has no line break, so that a quoted field ends on its line.
struct LinkFile {
    struct Line {
        /// From 1.
        let number: Int
        let content: Result<LinkImport.Line, LineError>
    }

    enum LineError: String, Error {
        case notText = "it is not text in UTF-8"
        case badQuotes = "a quoted field does not end, or a quote stands where none may"
        case otherFields = "it has not as many fields as the header"
        case notObject = "it is no JSON object with the texts internalId and ownliUserId"
        case badSubject = "internalId is not 1 to 256 bytes without control characters and spaces around them"
        case badOwnliUserID = "ownliUserId is not 1 to 256 bytes without control characters and spaces around them"
    }

    private enum Format {
        case json
        case csv(subject: Int, ownliUserID: Int, columns: Int)
    }

    private let reader: LineReader
    private var number = 0
    private var format: Format?

    init(_ reader: LineReader) { self.reader = reader }

    /// - Returns: nil after the last one.
    mutating func next() throws(AdminError) -> Line? {
        while var bytes = try reader.next() {
            number += 1
            // A byte order mark, as some programs put it before CSV.
            if number == 1, bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
            guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
            if let format { return Line(number: number, content: Self.read(bytes, as: format)) }
            let isJSON = bytes.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "{")
            format = isJSON ? .json : try Self.header(bytes)
            if isJSON { return Line(number: number, content: Self.read(bytes, as: .json)) }
        }
        guard format != nil else { throw .usage("the input is empty: \(Self.expected)") }
        return nil
    }

    private static let expected = "expected the header internalId,ownliUserId, or one JSON object a line"

    private static func header(_ bytes: [UInt8]) throws(AdminError) -> Format {
        let names = String(validating: bytes, as: UTF8.self).flatMap { fields($0) } ?? []
        guard let subject = names.firstIndex(where: { $0 == "internalId" }),
            let ownliUserID = names.firstIndex(where: { $0 == "ownliUserId" })
        else { throw .usage("the input's first line is something else: \(expected)") }
        return .csv(subject: subject, ownliUserID: ownliUserID, columns: names.count)
    }

    private static func read(_ bytes: [UInt8], as format: Format) -> Result<LinkImport.Line, LineError> {
        let (subject, ownliUserID): (String, String)
        switch format {
        case .json:
            let object = try? JSON.parse(bytes)
            guard let first = object?["internalId"]?.string, let second = object?["ownliUserId"]?.string else {
                return .failure(.notObject)
            }
            (subject, ownliUserID) = (first, second)
        case .csv(let first, let second, let columns):
            guard let text = String(validating: bytes, as: UTF8.self) else { return .failure(.notText) }
            guard let fields = fields(text) else { return .failure(.badQuotes) }
            guard fields.count == columns else { return .failure(.otherFields) }
            (subject, ownliUserID) = (fields[first], fields[second])
        }
        guard isID(subject) else { return .failure(.badSubject) }
        guard isID(ownliUserID) else { return .failure(.badOwnliUserID) }
        return .success(LinkImport.Line(subject: subject, ownliUserID: ownliUserID))
    }

    /// As claims are taken (`sub`); with a space beside it, it would be somebody else's.
    private static func isID(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && text.utf8.first != 0x20 && text.utf8.last != 0x20
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
    }

    /// The fields of a line of CSV; nil where its quotes are wrong.
    static func fields(_ line: String) -> [String]? {
        let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
        var fields: [String] = []
        var rest = Substring(line).utf8
        while true {
            guard rest.first == quote else {
                let field = rest.prefix { $0 != comma }
                guard !field.contains(quote) else { return nil }
                fields.append(String(Substring(field)))
                rest = rest.dropFirst(field.count)
                if rest.popFirst() == nil { return fields }
                continue
            }
            rest.removeFirst()
            var field: [UInt8] = []
            while true {
                guard let byte = rest.popFirst() else { return nil }
                guard byte == quote else {
                    field.append(byte)
                    continue
                }
                guard rest.first == quote else { break }
                field.append(quote)
                rest.removeFirst()
            }
            fields.append(String(decoding: field, as: UTF8.self))
            guard let end = rest.popFirst() else { return fields }
            guard end == comma else { return nil }
        }
    }
}
