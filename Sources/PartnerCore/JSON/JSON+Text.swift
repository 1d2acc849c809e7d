import CJansson

extension JSON {
    /// The value as compact UTF-8 JSON text. Reals have at most 15 significant digits, so that 25.1 stays 25.1.
    public var text: [UInt8] {
        let tree = makeTree()
        defer { json_decref(tree) }
        var output: [UInt8] = []
        withUnsafeMutablePointer(to: &output) { output in
            _ = json_dump_callback(
                tree,
                { bytes, count, output in
                    let output = output!.assumingMemoryBound(to: [UInt8].self)
                    output.pointee.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
                    return 0
                }, output, Int(JSON_COMPACT | JSON_ENCODE_ANY) | cjansson_real_precision(15))
        }
        return output
    }

    private func makeTree() -> UnsafeMutablePointer<json_t> {
        switch self {
        case .null: return json_null()
        case .bool(let value): return value ? json_true() : json_false()
        case .integer(let value): return json_integer(json_int_t(value))
        case .real(let value): return json_real(value) ?? json_null()  // NaN and infinities have no JSON form
        case .string(var value):
            return value.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { json_stringn_nocheck($0.baseAddress, $0.count)! }
            }
        case .array(let elements):
            let array = json_array()!
            for element in elements { json_array_append_new(array, element.makeTree()) }
            return array
        case .object(let members):
            let object = json_object()!
            for member in members {
                var name = member.name
                let value = member.value.makeTree()
                _ = name.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) {
                        json_object_setn_new_nocheck(object, $0.baseAddress, $0.count, value)
                    }
                }
            }
            return object
        }
    }
}
