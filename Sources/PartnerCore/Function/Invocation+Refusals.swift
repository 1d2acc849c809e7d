extension Invocation {
    /// The work's response. If it fails, the log is told why, and the failure is the response.
    func response(_ work: () throws(FunctionError) -> Response) -> Response {
        do throws(FunctionError) { return try work() } catch { return response(to: error) }
    }

    func response(to error: FunctionError) -> Response {
        report(error)
        // Somebody sends what nobody here reads, and goes on doing so.
        if [413, 415].contains(error.status) { count("BodiesNotTaken") }
        return error.response(requestID: requestID)
    }

    /// Tells the log why a request or message was refused: what is our side's failure as ERROR, the rest as INFO.
    public func report(_ error: FunctionError, about subject: String? = nil) {
        var fields: [JSON.Member] = [
            JSON.Member("errorType", .string(error.code)), JSON.Member("errorMessage", .string(error.message)),
        ]
        if let detail = error.detail { fields.append(JSON.Member("detail", .string(detail))) }
        if let subject { fields.append(JSON.Member("subject", .string(subject))) }
        log.write(error.status >= 500 ? .error : .info, "refused: \(error.code)", requestID: requestID, fields)
    }
}
