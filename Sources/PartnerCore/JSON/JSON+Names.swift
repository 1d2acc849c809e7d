/// So many names are compared each with each; more are sorted first.
private let few = 24

/// Whether two members have one name.
func hasDuplicates(_ members: [JSON.Member]) -> Bool {
    guard members.count > few else {
        for index in members.indices {
            let length = members[index].name.utf8.count
            for other in 0..<index
            where members[other].name.utf8.count == length && members[other].hasName(of: members[index]) {
                return true
            }
        }
        return false
    }
    let sorted = sortedByName(members)
    return sorted.indices.dropFirst().contains { members[sorted[$0]].hasName(of: members[sorted[$0 - 1]]) }
}

/// The last value of every name, where its first one stood.
func lastOfEach(_ members: [JSON.Member]) -> [JSON.Member] {
    var last = members.map { Optional($0) }
    let sorted = sortedByName(members)
    var first = 0
    for index in sorted.indices.dropFirst() {
        guard members[sorted[index]].hasName(of: members[sorted[first]]) else {
            first = index
            continue
        }
        last[sorted[first]] = members[sorted[index]]
        last[sorted[index]] = nil
    }
    return last.compactMap { $0 }
}

/// The members' indices; of one name in their order.
private func sortedByName(_ members: [JSON.Member]) -> [Int] {
    members.indices.sorted { left, right in
        let (one, other) = (members[left], members[right])
        guard one.isNameUnpaired == other.isNameUnpaired else { return other.isNameUnpaired }
        if one.name.utf8.lexicographicallyPrecedes(other.name.utf8) { return true }
        return left < right && one.hasName(of: other)
    }
}
