/// What a double refuses a request with; `Form` says in whose words.
struct Refusal<Form>: Error, Equatable {
    let status: Int
    let code: String
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }
}
