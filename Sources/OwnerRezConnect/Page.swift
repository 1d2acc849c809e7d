import PartnerCore

/// What a person sees who cannot be sent back to where they came from. It holds nothing of the request.
struct Page {
    private let status: Int
    private let title: String
    private let text: String
    private let app: AppAddress

    init(for error: FunctionError, app: AppAddress) {
        self.app = app
        status = error.status
        if error.status < 500 {
            title = "This link is of no use any more"
            text = """
                It may have been used already, or be too old. If you have just connected your OwnerRez account, all is \
                well: you can see it in the app. Otherwise start again there.
                """
        } else {
            title = "That did not work just now"
            text = "Something is wrong on our side. Load this page again in a moment, or start again in the app."
        }
    }

    var response: Response {
        let html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            <p>\(text)</p>
            <p><a href="\(escaped(app.text))">Back to the app</a></p>
            </main>
            </body>
            </html>

            """
        return Response(
            status: status,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": """
                default-src 'none'; style-src '\(contentHash(Self.style))'; base-uri 'none'; form-action 'none'; \
                frame-ancestors 'none'
                """,
            ], body: Array(html.utf8))
    }

    private static let style = """
        :root{color-scheme:light dark}\
        body{font:1.125rem/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center}\
        main{max-width:32rem;padding:2rem}h1{font-size:1.5rem;line-height:1.2}
        """
}

/// For an attribute's value.
private func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
        switch character {
        case "&": escaped += "&amp;"
        case "\"": escaped += "&quot;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        default: escaped.unicodeScalars.append(character)
        }
    }
    return escaped
}
