import CYAML
import PartnerCore

/// Why a text is no YAML.
struct YAMLError: Error, Equatable {
    let problem: String
    /// From 1.
    let line: Int

    var description: String { "line \(line): \(problem)" }
}

/// YAML as a JSON value, by libyaml.
///
/// CloudFormation's short forms become its long ones: `!Ref A` is `{"Ref":"A"}`, `!Sub a` is `{"Fn::Sub":"a"}`.
enum YAML {
    enum Scalars {
        /// Every scalar is a string, as it was written.
        case texts
        /// A plain scalar that JSON has as a number, a boolean or null is that (YAML 1.2 section 10.2).
        case json
    }

    /// An anchor may stand for a node that holds it.
    private static let deepest = 100

    static func parse(_ text: [UInt8], scalars: Scalars = .texts) throws(YAMLError) -> JSON {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw YAMLError(problem: "there is no memory", line: 1) }
        defer { yaml_parser_delete(&parser) }
        var document = yaml_document_t()
        let isLoaded = text.withUnsafeBufferPointer { bytes in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            return yaml_parser_load(&parser, &document) == 1
        }
        guard isLoaded else {
            throw YAMLError(
                problem: parser.problem.map { String(cString: $0) } ?? "it is no YAML",
                line: Int(parser.problem_mark.line) + 1)
        }
        defer { yaml_document_delete(&document) }
        guard let root = yaml_document_get_root_node(&document) else { return .null }
        return try value(of: root, in: &document, scalars, depth: 0)
    }

    private static func value(
        of node: UnsafeMutablePointer<yaml_node_t>, in document: inout yaml_document_t, _ scalars: Scalars, depth: Int
    ) throws(YAMLError) -> JSON {
        guard depth < deepest else {
            throw YAMLError(problem: "the nesting is too deep", line: Int(node.pointee.start_mark.line) + 1)
        }
        let plain: JSON
        switch node.pointee.type {
        case YAML_SCALAR_NODE:
            plain = scalar(node, scalars)
        case YAML_SEQUENCE_NODE:
            let items = node.pointee.data.sequence.items
            var elements: [JSON] = []
            for item in UnsafeBufferPointer(start: items.start, count: items.top - items.start) {
                elements.append(
                    try value(of: yaml_document_get_node(&document, item), in: &document, scalars, depth: depth + 1))
            }
            plain = .array(elements)
        case YAML_MAPPING_NODE:
            let pairs = node.pointee.data.mapping.pairs
            var members: [JSON.Member] = []
            for pair in UnsafeBufferPointer(start: pairs.start, count: pairs.top - pairs.start) {
                let name = yaml_document_get_node(&document, pair.key)!
                guard name.pointee.type == YAML_SCALAR_NODE else {
                    throw YAMLError(problem: "a key is no scalar", line: Int(name.pointee.start_mark.line) + 1)
                }
                members.append(
                    JSON.Member(
                        text(of: name),
                        try value(
                            of: yaml_document_get_node(&document, pair.value), in: &document, scalars, depth: depth + 1)
                    ))
            }
            plain = .object(members)
        default: plain = .null
        }
        return node.pointee.tag.map { tagged(plain, String(cString: $0)) } ?? plain
    }

    private static func scalar(_ node: UnsafeMutablePointer<yaml_node_t>, _ scalars: Scalars) -> JSON {
        let text = text(of: node)
        let isPlain = node.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
        guard scalars == .json, isPlain, let value = try? JSON.parse(Array(text.utf8)) else { return .string(text) }
        return value
    }

    private static func text(of scalar: UnsafeMutablePointer<yaml_node_t>) -> String {
        let scalar = scalar.pointee.data.scalar
        return String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    }

    private static func tagged(_ value: JSON, _ tag: String) -> JSON {
        switch tag {
        case "!Ref", "!Condition": .object([JSON.Member(String(tag.dropFirst()), value)])
        case _ where tag.hasPrefix("!"): .object([JSON.Member("Fn::" + tag.dropFirst(), value)])
        default: value
        }
    }
}
