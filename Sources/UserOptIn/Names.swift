import PartnerCore

/// What is wrong with the name of a person, and nil when nothing is.
///
/// What a name is made of, Unicode's properties say: letters with their marks, numbers, dashes, quotation marks and accents
/// of any script (the okina is typed with most of them), spaces. What has no place in a name, and does harm where one is
/// shown, is none of these: line breaks and other controls, emoji, what turns the direction of text.
func problem(ofName text: String) -> String? {
    let scalars = text.unicodeScalars
    guard (1...100).contains(scalars.count) else { return "a name of 1 to 100 characters" }
    if let refused = scalars.first(where: { !isOfNames($0) }) { return "\(codePoint(refused)) is not taken in a name" }
    return scalars.contains { $0.properties.isAlphabetic } ? nil : "a name has letters"
}

private func isOfNames(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
        .spacingMark, .decimalNumber, .letterNumber, .dashPunctuation, .initialPunctuation, .finalPunctuation,
        .modifierSymbol, .spaceSeparator:
        // Digits are emoji too, with what may follow them.
        return scalar.isASCII || !properties.isEmoji
    case .otherPunctuation:
        // Of ASCII's what stands inside of names: d'Arc, St. John, s/o. An address on the web does not come together.
        return scalar.isASCII ? "'\".,/&".unicodeScalars.contains(scalar) : !properties.isEmoji
    case .format:
        // The joiners of Persian and Indic names.
        return properties.isJoinControl
    default: return false
    }
}

/// What is wrong with a line of an address, and nil when nothing is: it may hold any visible character but emoji.
func problem(ofLine text: String) -> String? {
    let scalars = text.unicodeScalars
    guard (1...200).contains(scalars.count) else { return "a line of 1 to 200 characters" }
    guard let refused = scalars.first(where: { !isOfLines($0) }) else { return nil }
    return "\(codePoint(refused)) is not taken in an address"
}

private func isOfLines(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    return switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: false
    case .format: properties.isJoinControl
    default: !properties.isEmojiPresentation && !properties.isEmojiModifier
    }
}

/// `U+1F642`: nothing that could be part of a page, a log line or a command.
private func codePoint(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
}
