import Glibc

@testable import PartnerCore

/// A name server on loopback, over UDP (RFC 1035 section 4.1).
final class NameServerDouble: @unchecked Sendable {
    enum Answer: Sendable {
        case addresses([UInt8], seconds: UInt32)
        case noSuchName, failure, silence
    }

    private let descriptor: Int32
    private let port: Int
    private let kinds = Lock<[UInt8]>([])
    private let answer: Lock<Answer>
    private let answersIPv6: Bool

    static let name = "api.ownli.example"
    private static let (a, aaaa): (UInt8, UInt8) = (1, 28)

    /// - Parameter answersIPv6: whether a question for those addresses is answered, by there being none.
    init(_ answer: Answer, answersIPv6: Bool = true) {
        self.answer = Lock(answer)
        self.answersIPv6 = answersIPv6
        (descriptor, port) = Self.bound()
        PartnerCore.Thread { [self] in while serve() {} }!.detach()
    }

    var server: NameServers.Server { NameServers.Server(loopback: 1, port: port) }

    /// From now on.
    func answers(_ new: Answer) { answer.withLock { $0 = new } }

    /// How often IPv4 addresses of the name were asked for.
    var asked: Int { kinds.withLock { $0.count { $0 == Self.a } } }

    /// Where nobody listens.
    static func closed() -> NameServers.Server {
        let (descriptor, port) = bound()
        close(descriptor)
        return NameServers.Server(loopback: 1, port: port)
    }

    private static func bound() -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, length) == 0)
                getsockname(descriptor, $0, &length)
            }
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func serve() -> Bool {
        var question = [UInt8](repeating: 0, count: 512)
        var peer = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let count = withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, &question, question.count, 0, $0, &length)
            }
        }
        guard count > 12, let reply = reply(to: Array(question[..<count])) else { return count > 0 }
        withUnsafePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, reply, reply.count, 0, $0, length)
            }
        }
        return true
    }

    private func reply(to message: [UInt8]) -> [UInt8]? {
        var labels: [String] = []
        var index = 12
        while message[index] != 0 {
            let end = index + 1 + Int(message[index])
            labels.append(String(decoding: message[(index + 1)..<end], as: UTF8.self))
            index = end
        }
        let question = message[12..<(index + 5)]
        let kind = message[index + 2]
        // Search domains are appended to what is not there.
        guard labels.joined(separator: ".") == Self.name else { return head(message, 3) + question }
        kinds.withLock { $0.append(kind) }
        if kind == Self.aaaa && !answersIPv6 { return nil }
        switch answer.withLock({ $0 }) {
        case .silence: return nil
        case .failure: return head(message, 2) + question
        case .noSuchName: return head(message, 3) + question
        case .addresses where kind == Self.aaaa: return head(message, 0) + question
        case .addresses(let last, let seconds):
            let time = withUnsafeBytes(of: seconds.bigEndian) { Array($0) }
            let records = last.flatMap { (last: UInt8) -> [UInt8] in
                [0xC0, 12, 0, Self.a, 0, 1] + time + [0, 4, 192, 0, 2, last]
            }
            return head(message, 0, records: UInt8(last.count)) + question + records
        }
    }

    private func head(_ message: [UInt8], _ code: UInt8, records: UInt8 = 0) -> [UInt8] {
        Array(message[..<2]) + [0x81, 0x80 | code, 0, 1, 0, records, 0, 0, 0, 0]
    }
}
