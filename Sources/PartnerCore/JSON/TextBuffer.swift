import CSystem

/// Text in the making. An array of bytes looks before every byte whether somebody shares it, which takes several times as
/// long.
struct TextBuffer: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    /// Enough for most answers and lines of the log.
    private var capacity = 1024
    private var count = 0

    init() { start = .allocate(capacity: capacity) }

    deinit { start.deallocate() }

    var bytes: [UInt8] { [UInt8](copying: UnsafeBufferPointer(start: start, count: count)) }

    /// Nil when there is nothing yet.
    var last: UInt8? { count > 0 ? start[count - 1] : nil }

    mutating func append(_ byte: UInt8) {
        if count == capacity { grow(for: 1) }
        start[count] = byte
        count += 1
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let first = bytes.baseAddress else { return }
        if bytes.count > capacity - count { grow(for: bytes.count) }
        memcpy(start + count, first, bytes.count)
        count += bytes.count
    }

    mutating func append(_ text: String) {
        var text = text
        // Outside of the closure, which may not change what is not copied.
        let length = text.utf8.count
        if length > capacity - count { grow(for: length) }
        let end = start + count
        text.withUTF8 { if let first = $0.baseAddress { memcpy(end, first, length) } }
        count += length
    }

    mutating func removeLast(_ bytes: Int) { count -= bytes }

    /// In decimal digits.
    mutating func append(_ number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        var digits = 1
        var limit = rest / 10
        while limit > 0 {
            digits += 1
            limit /= 10
        }
        if digits > capacity - count { grow(for: digits) }
        count += digits
        for place in 1...digits {
            start[count - place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    private mutating func grow(for more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        memcpy(larger, start, count)
        start.deallocate()
        start = larger
    }
}
