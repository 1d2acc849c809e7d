import Foundation

/// A UUID in lower case, as Lambda's request ids and SQS's message ids are.
func newID() -> String { UUID().uuidString.lowercased() }
