/// Why bytes are no JSON text. It never holds any of them.
public struct JSONError: Error, Equatable {
    public let reason: Reason
    /// From 1.
    public let line: Int
    /// In bytes, from 1.
    public let column: Int

    public enum Reason: Error, Sendable, Equatable {
        case duplicateName
        case invalidUTF8
        case nestedTooDeeply
        case syntax

        var text: String {
            switch self {
            case .duplicateName: "two members of one object have the same name"
            case .invalidUTF8: "the text is not UTF-8"
            case .nestedTooDeeply: "the nesting is too deep"
            case .syntax: "the syntax is wrong"
            }
        }
    }

    public var description: String { "\(reason.text) (line \(line), column \(column))" }
}

extension JSON {
    public enum DuplicateNames { case refused, lastWins }

    /// Parses a JSON text. Whatever RFC 8259 allows is taken, and nothing else, but for nesting beyond 512.
    ///
    /// - Parameter duplicates: two members of one name hide one value from whoever checks the other, so what callers
    ///   send may not have them; an upstream's answer may.
    public static func parse(_ text: [UInt8], duplicates: DuplicateNames = .refused) throws(JSONError) -> JSON {
        let outcome = text.withUnsafeBufferPointer { bytes -> Result<JSON, JSONError> in
            // An empty array may have no address.
            guard let start = bytes.baseAddress else { return .failure(JSONError(.syntax, after: bytes[..<0])) }
            var reader = JSONReader(start, count: bytes.count, duplicates)
            do throws(JSONError.Reason) {
                return .success(try reader.read())
            } catch {
                return .failure(JSONError(error, after: bytes[..<reader.offset]))
            }
        }
        return try outcome.get()
    }
}

extension JSONError {
    fileprivate init(_ reason: Reason, after read: Slice<UnsafeBufferPointer<UInt8>>) {
        self.reason = reason
        line = 1 + read.count { $0 == UInt8(ascii: "\n") }
        column = 1 + read.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
    }
}
