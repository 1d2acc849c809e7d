extension AccessToken {
    public enum Scope: String, Sendable { case admin, user }
}

extension OwnliAPI {
    /// A token for the app: a fresh one, or one that is shared in a cache.
    public func userToken(
        sharedIn cache: TokenCache<OwnliError>? = nil, in invocation: Invocation
    ) throws(FunctionError) -> AccessToken {
        do throws(OwnliError) {
            guard let cache else { return try mintToken(.user, in: invocation) }
            let (token, wasCached) = try cache.token(in: invocation) { () throws(OwnliError) in
                try mintToken(.user, in: invocation)
            }
            invocation.noteToken(wasCached: wasCached)
            return token
        } catch { throw error.functionError }
    }

    /// Makes the token ready that admin endpoints are called with, and the connection with it.
    public func prepareAdminToken(in invocation: Invocation) { _ = try? adminToken(in: invocation) }

    /// Makes the user token ready that is shared; where every call gets its own, the connection alone.
    public func prepareUserToken(sharedIn cache: TokenCache<OwnliError>?, in invocation: Invocation) {
        guard let cache else { return http.prepareConnection(to: baseURL, in: invocation) }
        _ = try? userToken(sharedIn: cache, in: invocation)
    }

    /// Whether our credentials buy an admin token, for `--check`.
    public func checkAdminToken(in invocation: Invocation) throws(FunctionError) {
        do throws(OwnliError) { _ = try mintToken(.admin, in: invocation) } catch { throw error.functionError }
    }
}
