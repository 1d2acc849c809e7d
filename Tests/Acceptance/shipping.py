"""scripts/setup and scripts/package, and what they ask of the machine, in places of a test's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from programs import MACHINE, ROOT, bootstrap

BASH = shutil.which("bash") or "bash"
# Where scripts/setup has built OpenSSL, libcurl and SQLite.
LIBRARIES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "partner-functions/libraries" / MACHINE


def built_version(library: str) -> str:
    """Of the source that scripts/setup has built last: mirrors may have no newer one than before, of what they list."""
    return (LIBRARIES / library / "current").resolve().name.rpartition("-")[0]


def shell(text: str, *parts: str, **env: str) -> subprocess.CompletedProcess:
    """Runs a piece of bash with parts of scripts/packaging, for this machine's processor."""
    sourced = "; ".join(f"source scripts/{part}.sh" for part in ("common", *(f"packaging/{part}" for part in parts)))
    return subprocess.run(
        [BASH, "-c", f"{sourced}; {text}"], cwd=ROOT, env=os.environ | env, capture_output=True, text=True
    )


class Debian:
    """apt and dpkg as setup and package see them: libc-ares-dev has an update, until it is installed, and what is built
    is of its packages' versions."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cache = directory / "cache" / "partner-functions"
        self.stamp = self.cache / "apt" / "updated"
        self.stamp.parent.mkdir(parents=True)
        self.calls_file = directory / "calls"
        self.updated = directory / "installed"
        self.openssl = directory / "openssl"
        self._program(
            "apt-cache",
            f"""if [[ $* == *showsrc* ]]; then cat {self.openssl} 2>/dev/null || true; exit; fi
            for name; do
                [[ $name != policy ]] || continue
                candidate=2.0
                if [[ $name == libc-ares-dev && ! -e {self.updated} ]]; then candidate=2.1; fi
                printf '%s:\\n  Installed: 2.0\\n  Candidate: %s\\n  Version table:\\n' "$name" $candidate
            done""",
        )
        self._program(
            "apt-get",
            f"""case $* in
                # What is done with lists of our own.
                *Dir::State::Lists=*) [[ ! -e {directory}/offline ]]; exit ;;
                indextargets*) echo 'Debian|http://mirror.example/debian/|bookworm|main'; exit ;;
            esac
            printf '%s\\n' "$*" >>{self.calls_file}
            case $* in
                update*) [[ ! -e {directory}/offline ]] ;;
                install*) touch {self.updated} ;;
            esac""",
        )
        self._program(
            "dpkg-query",
            f"""case "$*" in
                *showformat=*source:Version*curl4*) printf %s '{built_version("curl")}' ;;
                *showformat=*source:Version*sqlite3*) printf %s '{built_version("sqlite3")}' ;;
                *) exec {shutil.which("dpkg-query")} "$@" ;;
            esac""",
        )
        self._program("sudo", 'exec "$@"')

    def _program(self, name: str, text: str) -> None:
        path = self.directory / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{BASH}\nset -eu\n{text}\n")
        path.chmod(0o755)

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.directory}/bin:{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(self.cache.parent),
        }

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def ask(self, days_ago: int) -> None:
        self.stamp.touch()
        moment = self.stamp.stat().st_mtime - days_ago * 24 * 3600
        os.utime(self.stamp, (moment, moment))

    def go_offline(self) -> None:
        (self.directory / "offline").touch()

    def update(self) -> None:
        self.updated.touch()

    def list_openssl(self, *versions: str) -> None:
        self.openssl.write_text("".join(f"Package: openssl\nVersion: {each}\n\n" for each in versions))

    def check(self, outdated: str = "refused") -> subprocess.CompletedProcess:
        self._link_libraries()
        text = f"use_architecture {MACHINE}; check_updates {outdated}"
        return shell(text, "target", "sources", "updates", **self.env)

    def setup(self) -> subprocess.CompletedProcess:
        """scripts/setup, with the libraries that are built already."""
        self._link_libraries()
        return subprocess.run(
            [ROOT / "scripts" / "setup"], env=os.environ | self.env, capture_output=True, text=True, timeout=120
        )


    def _link_libraries(self) -> None:
        for library in LIBRARIES.iterdir():
            there = self.cache / "libraries" / MACHINE / library.name
            there.mkdir(parents=True, exist_ok=True)
            for build in library.iterdir():
                if not (there / build.name).exists():
                    (there / build.name).symlink_to(build.resolve() if build.name != "current" else build.readlink().name)


class Machine:
    """A Debian machine's ca-certificates, as far as dpkg is concerned, with an authority of its owner's."""

    def __init__(self, directory: Path, shipped: list[bytes], private: bytes) -> None:
        self.directory = directory
        self.shipped = [self._write(f"usr/share/ca-certificates/mozilla/{n}.crt", each) for n, each in enumerate(shipped)]
        self._write("usr/local/share/ca-certificates/owner.crt", private)
        self._write("usr/share/ca-certificates/owner.crt", private)
        self._write("etc/ca-certificates.conf", b"owner.crt\nmozilla/0.crt\n!mozilla/1.crt\n")
        self._write("etc/ssl/certs/ca-certificates.crt", b"".join([*shipped, private]))
        names = [f"/{path.relative_to(directory)}" for path in self.shipped]
        self._write("var/lib/dpkg/info/ca-certificates.list", "".join(f"{name}\n" for name in names).encode())
        sums = subprocess.run(["md5sum", *(name[1:] for name in names)], cwd=directory, capture_output=True, check=True)
        self._write("var/lib/dpkg/info/ca-certificates.md5sums", sums.stdout)
        self._write("var/lib/dpkg/info/format", b"1\n")
        status = "Package: ca-certificates\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"
        self._write("var/lib/dpkg/status", f"{status}Maintainer: nobody\nDescription: authorities\n".encode())

    def _write(self, name: str, text: bytes) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        return path

    def collect(self, destination: Path) -> subprocess.CompletedProcess:
        return shell(f"collect_certificates {destination}", "certificates", DPKG_ROOT=str(self.directory))


def list_contents(link_map: Path, *, packages: str = "libc6-dev ca-certificates") -> subprocess.CompletedProcess:
    """scripts/packaging/contents.py on a map of a test's own."""
    command = [sys.executable, ROOT / "scripts/packaging/contents.py", "--function", "token-relay", "--map", link_map]
    command += ["--bootstrap", bootstrap("token-relay"), "--toolchain", "/nowhere"]
    command += ["--libraries", LIBRARIES, "--sysroot", "/", "--sources", ROOT, "--packages", *packages.split()]
    return subprocess.run(command, capture_output=True, text=True)
