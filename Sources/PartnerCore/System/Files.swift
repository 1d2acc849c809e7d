import CSystem

/// What could not be read or written, as the errno of the system call.
public struct SystemError: Error, Equatable {
    public let code: Int32

    public init(code: Int32) { self.code = code }

    static var last: SystemError { SystemError(code: csystem_errno()) }

    /// The system's own words: "No such file or directory".
    public var reason: String { String(cString: strerror(code)) }
}

/// Reads a descriptor to its end.
public func readAll(_ descriptor: Int32) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
    defer { buffer.deallocate() }
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count == 0 { return bytes }
        if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
        if count < 0 && csystem_errno() != EINTR { throw .last }
    }
}

/// The whole of a file.
public func readFile(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = csystem_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .last }
    defer { close(descriptor) }
    return try readAll(descriptor)
}

/// Writes all of the bytes, in one `write(2)` where the descriptor takes them at once.
public func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    var written = 0
    while written < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
        if count < 0 && csystem_errno() != EINTR { throw .last }
        written += max(0, count)
    }
}

/// What stands in a directory, in no order; nothing where it cannot be read.
func fileNames(in directory: String) -> [String] {
    guard let listing = opendir(directory) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
