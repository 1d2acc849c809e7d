import PartnerCore

/// A phone number as people and identity providers write it, in E.164: `+14255551212` from `+1 (425) 555-1212` or
/// `tel:+1-425-555-1212` (RFC 3966), and from `(425) 555-1212` where a number without its country is one of the US.
///
/// - Returns: nil when it is no number, or could be more than one.
func phoneNumber(_ text: String, isUSByDefault: Bool) -> String? {
    // A phone's address book wraps what is copied from it into marks of direction.
    var rest = Array(text.unicodeScalars.filter { !isBlank($0) })
    if equalIgnoringASCIICase(String(String.UnicodeScalarView(rest.prefix(4))), "tel:") { rest.removeFirst(4) }
    // +44 (0)20 7946 0958: the 0 is dialled inside of the country only.
    let isTrunkPrefixed = zip(rest, rest.dropFirst()).contains { $0 == "(" && $1 == "0" }
    let symbols = rest.filter { !isSeparator($0) }
    guard !isTrunkPrefixed, symbols.allSatisfy({ $0 == "+" || ("0"..."9").contains($0) }) else { return nil }
    let number = String(String.UnicodeScalarView(symbols))
    if symbols.first == "+" {
        // In the countries of +1 every number has ten digits more.
        let isWhole = !number.utf8.starts(with: "+1".utf8) || symbols.count == 12
        return isE164(number) && isWhole ? number : nil
    }
    guard isUSByDefault else { return nil }
    let national = symbols.count == 11 && symbols.first == "1" ? symbols.dropFirst() : symbols[...]
    return isNorthAmerican(national) ? "+1" + String(String.UnicodeScalarView(national)) : nil
}

/// Dashes, dots and parentheses, the visual separators of RFC 3966 and those of the rest of the world; spaces are gone.
private func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .dashPunctuation: true
    default: scalar == "." || scalar == "(" || scalar == ")"
    }
}

private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .spaceSeparator: true
    default: scalar.properties.isBidiControl
    }
}

/// Three digits of an area and three of an exchange, neither of which begins with 0 or 1, and four (North American
/// Numbering Plan).
private func isNorthAmerican(_ digits: ArraySlice<Unicode.Scalar>) -> Bool {
    let digits = Array(digits)
    return digits.count == 10 && digits.allSatisfy { $0 != "+" } && ("2"..."9").contains(digits[0])
        && ("2"..."9").contains(digits[3])
}
