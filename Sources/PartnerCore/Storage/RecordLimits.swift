// What every backend can hold, so that one never takes what another refuses: DynamoDB's sort keys have at most 1,024
// bytes, its items 400 kB, its transactions 100 different items and 4 MB, its attributes' names at least one byte;
// Firestore's are wider.

private let longestKeyPart = 1_024
private let largestRecord = 262_144
private let longestTransaction = 100
private let largestTransaction = 2_097_152

extension RecordKey {
    func check() throws(StoreError) {
        try Self.check(partition)
        try Self.check(sort)
    }

    static func check(_ part: String) throws(StoreError) {
        guard (1...longestKeyPart).contains(part.utf8.count) else {
            throw .notStorable(reason: "a part of a key is empty or longer than \(longestKeyPart) bytes")
        }
        try refuseNUL(part)
    }
}

extension Write {
    static func check(_ writes: [Write]) throws(StoreError) {
        guard writes.count <= longestTransaction else {
            throw .notStorable(reason: "a transaction has more than \(longestTransaction) writes")
        }
        var size = 0
        for (index, write) in writes.enumerated() {
            if let key = write.key {
                try key.check()
                guard !writes[..<index].contains(where: { $0.key == key }) else {
                    throw .notStorable(reason: "a transaction writes one record twice")
                }
            }
            switch write {
            case .put(_, let attributes, expires: _, if: _): size += try checkedSize(attributes)
            case .append(let partition, let attributes):
                try RecordKey.check(partition)
                size += try checkedSize(attributes)
            case .delete: break
            }
        }
        guard size <= largestTransaction else {
            throw .notStorable(reason: "a transaction is larger than \(largestTransaction) bytes")
        }
    }

    private static func checkedSize(_ attributes: [String: String]) throws(StoreError) -> Int {
        var size = 0
        for (name, value) in attributes {
            size += name.utf8.count + value.utf8.count
            guard !name.isEmpty else { throw .notStorable(reason: "an attribute has no name") }
            try refuseNUL(name)
            try refuseNUL(value)
        }
        guard size <= largestRecord else {
            throw .notStorable(reason: "a record is larger than \(largestRecord) bytes")
        }
        return size
    }
}

/// C libraries on the way take NUL for the end of the text.
private func refuseNUL(_ text: String) throws(StoreError) {
    guard !text.utf8.contains(0) else { throw .notStorable(reason: "a text holds a NUL character") }
}
