import CSystem

/// The process's own arguments, without the program's name.
public func processArguments() -> [String] {
    (1..<max(1, csystem_argument_count())).map { String(cString: csystem_argument($0)) }
}

/// The environment variables that a process was started with. A closure, so that tests hand in their own.
public struct Environment: Sendable {
    private let lookUp: @Sendable (String) -> String?

    public init(_ lookUp: @escaping @Sendable (String) -> String?) { self.lookUp = lookUp }

    public init(_ variables: [String: String]) { self.init { variables[$0] } }

    public static let process = Environment { name in getenv(name).map { String(cString: $0) } }

    /// Whether requests come over HTTP, and not as events. (A program that is given a file reads that all the same.)
    public var servesHTTP: Bool { self["PORT"] != nil && self["AWS_LAMBDA_RUNTIME_API"] == nil }

    /// Nil when the variable is not set, or set to nothing.
    public subscript(_ name: String) -> String? {
        guard let value = lookUp(name), !value.isEmpty else { return nil }
        return value
    }
}

/// The directory that holds the running executable, with no slash at its end. Nil where /proc is not mounted.
func executableDirectory() -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes { bytes in
        readlink("/proc/self/exe", bytes.bindMemory(to: CChar.self).baseAddress!, bytes.count)
    }
    guard length > 0, let slash = buffer[..<length].lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return String(decoding: buffer[..<slash], as: UTF8.self)
}
