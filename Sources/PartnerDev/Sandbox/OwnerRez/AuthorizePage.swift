import PartnerCore

/// What a person sees at OwnerRez's, as far as a sandbox has to show it.
enum AuthorizePage {
    static func asking(_ authorization: OwnerRezDouble.Authorization) -> Response {
        let accounts = OwnerRezDouble.accounts.enumerated().map { index, account in
            """
            <label><input type="radio" name="account" value="\(account.id)"\(index == 0 ? " checked" : "")> \
            \(escaped(account.name)) <small>\(account.id)</small></label>
            """
        }
        var hidden = [("response_type", "code"), ("client_id", OwnerRezDouble.clientID)]
        if let uri = authorization.sentRedirectURI { hidden.append(("redirect_uri", uri)) }
        if let state = authorization.state { hidden.append(("state", state)) }
        let inputs = hidden.map { #"<input type="hidden" name="\#($0.0)" value="\#(escaped($0.1))">"# }
        return page(
            200, "Connect your account",
            """
            <p><strong>Your app</strong> wants to use your OwnerRez account: to read and change its bookings, guests \
            and properties.</p>
            <form method="post" action="/oauth/authorize">
            \(inputs.joined(separator: "\n"))
            <fieldset><legend>Which account?</legend>
            \(accounts.joined(separator: "\n"))
            </fieldset>
            <p><button name="decision" value="approve">Approve</button>
            <button name="decision" value="deny" class="quiet">Deny</button></p>
            </form>
            <p><small>This is the sandbox's stand-in for OwnerRez. Nothing leaves this machine.</small></p>
            """)
    }

    /// Never a redirect: its target would be chosen by the request.
    static func refused(_ code: String) -> Response {
        page(400, "This app cannot be connected", "<p>Its request was not understood: <code>\(code)</code></p>")
    }

    private static func page(_ status: Int, _ title: String, _ body: String) -> Response {
        let html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) - OwnerRez (sandbox)</title>
            <style>\(style)</style>
            </head>
            <body>
            <main>
            <p class="brand">OwnerRez <small>sandbox</small></p>
            <h1>\(title)</h1>
            \(body)
            </main>
            </body>
            </html>

            """
        return Response(
            status: status,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                // Not form-action: browsers hold a form's redirect against it too.
                "Content-Security-Policy":
                    "default-src 'none'; style-src '\(contentHash(style))'; base-uri 'none'; frame-ancestors 'none'",
            ], body: Array(html.utf8))
    }

    private static let style = """
        :root{color-scheme:light dark;--line:#8886;--accent:#0b5c8a}\
        @media(prefers-color-scheme:dark){:root{--accent:#7cc4ee}}\
        body{font:1rem/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center}\
        main{max-width:26rem;margin:1rem;padding:1.5rem 2rem;border:1px solid var(--line);border-radius:1rem}\
        .brand{font-weight:700;color:var(--accent);margin:0}h1{font-size:1.5rem;line-height:1.2;margin:.5rem 0}\
        fieldset{border:1px solid var(--line);border-radius:.5rem}label{display:block;padding:.25rem 0}\
        button{font:inherit;padding:.5rem 1.25rem;border-radius:.5rem;border:1px solid var(--accent);\
        background:var(--accent);color:Canvas;cursor:pointer}\
        .quiet{background:none;color:inherit;border-color:var(--line)}
        """

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("\"", with: "&quot;").replacing("<", with: "&lt;")
    }
}
