import PartnerCore

/// Letters with their marks, digits, and the punctuation of names. No line breaks, control characters, emoji or
/// characters that turn the direction of text: they have no place in a name, and do harm where one is shown.
func isPersonName(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard (1...100).contains(scalars.count) else { return false }
    let isAllowed = scalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .nonspacingMark, .spacingMark, .decimalNumber:
            true
        // Joiners are part of Persian and Indic names.
        default: " '’-‐.,·\u{200C}\u{200D}".unicodeScalars.contains(scalar)
        }
    }
    return isAllowed && scalars.contains { $0.properties.isAlphabetic }
}

/// A line of an address.
func isPlainText(_ text: String) -> Bool {
    (1...200).contains(text.unicodeScalars.count)
        && text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
            default: true
            }
        }
}

/// ITU-T E.164: a plus, and 7 to 15 digits of which the first is not 0.
func isE164(_ text: String) -> Bool {
    let digits = text.utf8.dropFirst()
    return text.utf8.first == UInt8(ascii: "+") && (7...15).contains(digits.count)
        && digits.first != UInt8(ascii: "0")
        && digits.allSatisfy { $0.isASCIIDigit }
}

/// One @ between a local part and a domain with a dot, of printable ASCII, up to 254 characters (RFC 5321 section
/// 4.5.3.1.3). Whether mail arrives is for the identity provider to verify.
func isEmailAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard text.utf8.count <= 254, text.utf8.allSatisfy({ $0.isASCIIVisible }), parts.count == 2 else {
        return false
    }
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    return (1...64).contains(parts[0].utf8.count) && labels.count >= 2 && labels.allSatisfy { !$0.isEmpty }
}

/// The 50 states, the District of Columbia and the five inhabited territories (USPS Publication 28, appendix B).
func isUSState(_ code: String) -> Bool {
    states.contains { $0 == code }
}

private let states = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA",
    "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR",
    "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI",
]
