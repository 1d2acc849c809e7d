"""The upstream that the measured programs call, at once or from afar, plain or over TLS."""

import subprocess
from pathlib import Path

import trustme
from tools import tool


class Upstream:
    def __init__(self, milliseconds: int = 0, certificate: "Certificate | None" = None) -> None:
        files = [certificate.chain, certificate.key] if certificate else []
        command = [tool("upstream"), str(milliseconds), *files]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self.settings = {"OWNLI_BASE_URL": url, "AWS_ENDPOINT_URL_DYNAMODB": url}
        if certificate:
            self.settings["SSL_CERT_FILE"] = str(certificate.authority)

    def __enter__(self) -> "Upstream":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


class Certificate:
    """For loopback, of an authority that is made for one run."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        leaf = authority.issue_cert("127.0.0.1")
        self.authority, self.chain, self.key = (directory / name for name in ("authority.pem", "chain.pem", "key.pem"))
        authority.cert_pem.write_to_path(self.authority)
        for blob in leaf.cert_chain_pems:
            blob.write_to_path(self.chain, append=True)
        leaf.private_key_pem.write_to_path(self.key)
