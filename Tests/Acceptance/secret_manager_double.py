"""Google's Secret Manager as the reference of its REST API has it: secrets, their versions, and the latest one's text."""

import base64
import re
from dataclasses import dataclass, field
from typing import Any

from firestore_double import Refusal, invalid

VERSION = re.compile(r"(projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/secrets/[A-Za-z0-9_-]{1,255})/versions/(latest|[1-9]\d*)")
LARGEST_PAYLOAD = 65_536


def crc32c(data: bytes) -> int:
    """Castagnoli's, by its definition."""
    total = 0xFFFFFFFF
    for byte in data:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ (0x82F63B78 if total & 1 else 0)
    return total ^ 0xFFFFFFFF


@dataclass
class SecretVersion:
    data: bytes
    state: str = "ENABLED"
    # Changes to the answer's payload, for what Google never sends.
    spoiled: dict[str, Any] = field(default_factory=dict)


class SecretManager:
    """Secrets by `projects/P/secrets/S`: their versions, the first one first."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[SecretVersion]] = {}
        # Those that the caller may not read.
        self.denied: set[str] = set()

    def add(self, name: str, text: str | bytes) -> SecretVersion:
        """Another version, which is the latest one from now on."""
        data = text.encode() if isinstance(text, str) else text
        assert 0 < len(data) <= LARGEST_PAYLOAD
        version = SecretVersion(data)
        self.secrets.setdefault(name, []).append(version)
        return version

    def access(self, name: str) -> dict:
        found = VERSION.fullmatch(name)
        if not found:
            raise invalid(f"no version of a secret: {name!r}")
        secret, number = found.groups()
        # Who may not read it is not told whether it is there.
        if secret in self.denied:
            raise Refusal("PERMISSION_DENIED", f"Permission 'secretmanager.versions.access' denied for {name}")
        versions = self.secrets.get(secret, [])
        index = len(versions) if number == "latest" else int(number)
        if not 1 <= index <= len(versions):
            raise Refusal("NOT_FOUND", f"Secret Version [{name}] not found or has no versions.")
        version = versions[index - 1]
        if version.state != "ENABLED":
            raise Refusal("FAILED_PRECONDITION", f"Secret Version [{name}] is in {version.state} state.")
        payload = {"data": base64.b64encode(version.data).decode(), "dataCrc32c": str(crc32c(version.data))}
        return {"name": f"{secret}/versions/{index}", "payload": payload | version.spoiled}
