"""An issuer of tokens on loopback: its keys, its metadata, and every way in which it may fail."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

import people
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

AUDIENCE = "partner-functions"


class Issuer:
    """`served` is what it answers for its keys: JSON, text, a status, or nothing for so many seconds. While `answering` is
    not set it answers nobody."""

    def __init__(self) -> None:
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1"})
        self.keys = {
            "RS": self.rsa,
            "PS": self.rsa,
            "ES256": self.ec,
            "ES384": ECKey.generate_key("P-384", {"kid": "ec-2"}),
            "ES512": ECKey.generate_key("P-521", {"kid": "ec-3"}),
            "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed-1"}),
        }
        self.served: Any = self.key_set(*[key for name, key in self.keys.items() if name != "PS"])
        self.asked: list[str] = []
        self.answering = threading.Event()
        self.answering.set()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                issuer.answering.wait(60)
                answer = issuer.served
                if self.path.endswith("openid-configuration"):
                    answer = issuer.metadata
                if isinstance(answer, float):
                    time.sleep(answer)
                    answer = issuer.key_set(issuer.rsa)
                status = answer if isinstance(answer, int) else 200
                text = answer if isinstance(answer, str) else json.dumps(answer)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.metadata: Any = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.answering.set()
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def key_set(*keys: Any) -> dict:
        return {"keys": [key.as_dict(private=False) for key in keys]}

    @property
    def settings(self) -> dict[str, str]:
        return {"AUTH_ISSUER": self.url, "AUTH_AUDIENCE": f"other, {AUDIENCE}"}

    def claims(self, **changes: Any) -> dict:
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": people.SUBJECT, "iat": now, "exp": now + 300}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(
        self, claims: Any = None, *, key: Any = None, header: Optional[dict] = None, algorithm: str = "RS256"
    ) -> str:
        key = key or self.keys.get(algorithm) or self.keys[algorithm[:2]]
        fields = {"alg": algorithm, "kid": key.as_dict().get("kid")} | (header or {})
        fields = {name: value for name, value in fields.items() if value is not None}
        payload = claims if isinstance(claims, bytes) else json.dumps(self.claims() if claims is None else claims)
        registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        return jws.serialize_compact(fields, payload, key, algorithms=[algorithm], registry=registry)
