"""The C programs of the bench, compiled when they have changed, and where things are."""

import os
import shlex
import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
ROOT = SOURCES.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "partner-functions" / "benchmark"

COMMANDS = {
    # As small and as quick to start as can be: it is the floor.
    "relay": "gcc -O2 -static -s relay.c",
    "harness": "gcc -O2 harness.c process.c runtime_api.c samples.c",
    "upstream": "gcc -O2 upstream.c -lssl -lcrypto -lpthread",
    "burst": "gcc -O2 burst.c",
}


def tool(name: str) -> Path:
    built = CACHE / name
    newest = max(file.stat().st_mtime for file in [*SOURCES.glob("*.[ch]"), Path(__file__)])
    if not built.exists() or built.stat().st_mtime < newest:
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [*shlex.split(COMMANDS[name]), "-Wall", "-Wextra", "-Werror", "-o", str(built)]
        subprocess.run(command, cwd=SOURCES, check=True)
    return built
