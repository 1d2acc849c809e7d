extension SettingsReader {
    /// A reader that also fetches secrets, where a setting names one that is kept in Google's Secret Manager or in AWS
    /// Secrets Manager.
    ///
    /// - Parameter declare: reads all that may be read, so that every secret is fetched at once.
    public init(_ environment: Environment, declaredBy declare: @escaping @Sendable (inout SettingsReader) -> Void) {
        let declared: @Sendable () -> SettingsReader = {
            var declared = SettingsReader.describing
            declare(&declared)
            return declared
        }
        self.init(environment, vaults: [.secretManager(declared: declared), .secretsManager(declared: declared)])
    }
}
