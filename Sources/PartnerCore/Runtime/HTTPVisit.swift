/// A connection's stay on a seat, among all that there are on it: what is told of one that is over is of no interest.
struct HTTPVisit: Equatable {
    let number: UInt64

    init(number: UInt64) { self.number = number }

    init(seat: Int, turn: Int) {
        number = UInt64(truncatingIfNeeded: turn) << 32 | UInt64(truncatingIfNeeded: seat)
    }

    var seat: Int { Int(number & 0xffff_ffff) }
}
