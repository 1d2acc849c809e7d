import CJansson

/// Why bytes are no JSON text. It never holds any of them.
public struct JSONError: Error, Equatable {
    public let reason: Reason
    public let line: Int
    public let column: Int

    public enum Reason: Sendable, Equatable {
        case duplicateName
        case invalidUTF8
        case nestedTooDeeply
        case numberOutOfRange
        case nulInString
        case syntax

        var text: String {
            switch self {
            case .duplicateName: "two members of one object have the same name"
            case .invalidUTF8: "the text is not UTF-8"
            case .nestedTooDeeply: "the nesting is too deep"
            case .numberOutOfRange: "a number is too large"
            case .nulInString: "a string holds a NUL character"
            case .syntax: "the syntax is wrong"
            }
        }
    }

    public var description: String { "\(reason.text) (line \(line), column \(column))" }
}

extension JSON {
    public enum DuplicateNames { case refused, lastWins }

    /// Parses a JSON text. jansson refuses bad UTF-8, lone surrogates, NUL, integers beyond 64 bits, reals beyond the
    /// range of a double, and nesting beyond 2048.
    ///
    /// - Parameter duplicates: two members of one name hide one value from whoever checks the other, so what callers
    ///   send may not have them; an upstream's answer may.
    public static func parse(_ text: [UInt8], duplicates: DuplicateNames = .refused) throws(JSONError) -> JSON {
        var error = json_error_t()
        let flags = JSON_DECODE_ANY | (duplicates == .refused ? JSON_REJECT_DUPLICATES : 0)
        let tree = text.withUnsafeBytes { bytes in
            json_loadb(bytes.bindMemory(to: CChar.self).baseAddress, bytes.count, Int(flags), &error)
        }
        guard let tree else {
            throw JSONError(
                reason: JSONError.Reason(cjansson_error_code(&error)), line: Int(error.line), column: Int(error.column))
        }
        defer { json_decref(tree) }
        return JSON(tree)
    }

    private init(_ tree: UnsafeMutablePointer<json_t>) {
        switch cjansson_typeof(tree) {
        case JSON_OBJECT:
            var members: [Member] = []
            members.reserveCapacity(json_object_size(tree))
            var iterator = json_object_iter(tree)
            while let position = iterator {
                let name = UnsafeRawBufferPointer(
                    start: json_object_iter_key(position), count: json_object_iter_key_len(position))
                members.append(
                    Member(String(decoding: name, as: UTF8.self), JSON(json_object_iter_value(position)!)))
                iterator = json_object_iter_next(tree, position)
            }
            self = .object(members)
        case JSON_ARRAY:
            self = .array((0..<json_array_size(tree)).map { JSON(json_array_get(tree, $0)!) })
        case JSON_STRING:
            let bytes = UnsafeRawBufferPointer(start: json_string_value(tree), count: json_string_length(tree))
            self = .string(String(decoding: bytes, as: UTF8.self))
        case JSON_INTEGER: self = .integer(Int(json_integer_value(tree)))
        case JSON_REAL: self = .real(json_real_value(tree))
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        default: self = .null
        }
    }
}

extension JSONError.Reason {
    fileprivate init(_ code: json_error_code) {
        switch code {
        case json_error_duplicate_key: self = .duplicateName
        case json_error_invalid_utf8: self = .invalidUTF8
        case json_error_stack_overflow: self = .nestedTooDeeply
        case json_error_numeric_overflow: self = .numberOutOfRange
        case json_error_null_character, json_error_null_byte_in_key: self = .nulInString
        default: self = .syntax
        }
    }
}
