extension JSON {
    /// A string that decides something.
    public var exact: ExactText? { string.map { ExactText($0) } }
}
