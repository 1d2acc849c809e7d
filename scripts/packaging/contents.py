"""Lists what is inside a binary that scripts/package built, as a CycloneDX 1.6 bill of materials on standard output.

What is inside is what the linker's map names: code that nothing calls is not linked, and not listed. Every file in the map
belongs to a package of the distribution, of this machine's or of another processor's in a sysroot, to an archive that
scripts/setup built of Debian's source, to the Swift toolchain or to us; with any other the build fails, and so it does with a package that has been changed, is not kept up to date, or whose
licence nobody has looked up. There is neither a time nor anything random in the list: the same binary has the same list.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import quote

# By the name of Debian's source package, without the number that gcc's has, as SPDX has the licence: read in
# /usr/share/doc/*/copyright, of what is linked of them. ca-certificates is Mozilla's list.
LICENSES = {
    "c-ares": "MIT",
    "ca-certificates": "MPL-2.0",
    "curl": "curl",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "openssl": "Apache-2.0",
    "sqlite3": "blessing",
    "swift": "Apache-2.0 WITH Swift-exception",
}


def fail(message: str) -> None:
    sys.exit(f"error: {message}")


def linked_files(link_map: Path) -> set[str]:
    """Files of which a section with something in it is in the binary: `VMA LMA SIZE ALIGN FILE:(SECTION)`."""
    section = re.compile(r"\s*[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)\s+[0-9]+\s+(\S.*?):\((.*)\)$")
    files = set()
    for line in link_map.read_text(errors="surrogateescape").splitlines():
        match = section.match(line)
        if match and int(match[1], 16) > 0 and match[2] != "<internal>":
            # archive.a(member.o)
            files.add(re.sub(r"(\.a)\([^()]*\)$", r"\1", match[2]))
    if not files:
        fail(f"{link_map} names nothing: it is no map of lld's")
    return files


def query(*words: str, root: Path = Path("/")) -> str:
    """What dpkg or another program says; dpkg of the system that is there."""
    own = {} if root == Path("/") else {"DPKG_ROOT": str(root)}
    done = subprocess.run(words, env=os.environ | own, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def debian_package(file: Path, root: Path) -> str:
    """`libc6-dev:amd64` for its file. A file may be listed under /lib, which is a link to /usr/lib."""
    there = f"/{file.relative_to(root)}" if file.is_relative_to(root) else str(file)
    for path in (there, there.removeprefix("/usr")):
        owner = query("dpkg-query", "--search", path, root=root)
        if owner:
            return owner.partition(": ")[0]
    fail(f"{file} is linked, and no package of Debian's has brought it")
    raise AssertionError


def component(source: str, version: str, purl: str, kind: str = "library", **more: object) -> dict:
    license = LICENSES.get(re.sub(r"^gcc-[0-9]+$", "gcc", source))
    if not license:
        fail(f"{source} is linked, and scripts/packaging/contents.py does not have its licence")
    licenses = [{"expression": license}] if " " in license else [{"license": {"id": license}}]
    return {"type": kind, "bom-ref": purl, "name": source, "version": version, "licenses": licenses, "purl": purl} | more


def purl(name: str, version: str, qualifiers: str) -> str:
    """Ubuntu takes a source of Debian's where its own are too old."""
    vendor = "debian" if "+deb" in version or "~deb" in version else platform.freedesktop_os_release()["ID"]
    return f"pkg:deb/{vendor}/{name}@{quote(version, safe='~')}?{qualifiers}"


def of_package(package: str, known: list[str], root: Path, kind: str = "library") -> dict:
    name = package.partition(":")[0]
    if name not in known:
        fail(f"{name} is linked, and scripts/packaging/updates.sh does not keep it up to date")
    changed = query("dpkg", "--verify", package, root=root)
    if changed:
        fail(f"{name} is not as Debian brought it (apt-get install --reinstall {name}): {changed.split()[-1]}")
    show = "${source:Package}|${source:Version}|${Version}|${Architecture}"
    told = query("dpkg-query", "--show", f"--showformat={show}", package, root=root)
    source, source_version, version, architecture = told.split("|")
    place = purl(name, version, f"arch={architecture}&upstream={quote(f'{source}@{source_version}', safe='@~')}")
    return component(source, version, place, kind)


def of_our_build(file: Path, libraries: Path) -> dict:
    """`curl/7.88.1-10+deb12u15-16c68e29/lib/libcurl.a`: source package, version, digest of how it was built."""
    source, build = file.relative_to(libraries).parts[:2]
    version = build.rpartition("-")[0]
    return component(
        source, version, purl(source, version, "arch=source"),
        description="built by scripts/setup of Debian's source package, with Debian's patches, without what is not used",
    )  # fmt: skip


def of_toolchain() -> dict:
    """Embedded Swift compiles its standard library into our modules, so it is always inside."""
    release = re.search(r"\((swift-[^)]*)\)", query("swift", "--version"))
    if not release:
        fail("swift --version does not name its release")
        raise AssertionError
    version = release[1].removeprefix("swift-").removesuffix("-RELEASE")
    return component("swift", version, f"pkg:github/swiftlang/swift@{release[1]}")


def contents(arguments: argparse.Namespace) -> list[dict]:
    found = [of_package("ca-certificates", arguments.packages, Path("/"), "data"), of_toolchain()]
    packages = set()
    for name in linked_files(arguments.map):
        file = Path(name).resolve()
        if file.is_relative_to(arguments.toolchain) or file.is_relative_to(arguments.sources):
            continue
        if file.is_relative_to(arguments.libraries):
            found.append(of_our_build(file, arguments.libraries))
        else:
            packages.add(debian_package(file, arguments.sysroot))
    found += [of_package(package, arguments.packages, arguments.sysroot) for package in packages]
    return sorted({each["purl"]: each for each in found}.values(), key=lambda each: each["name"])


def bill(arguments: argparse.Namespace) -> dict:
    release = re.search(r'version = "(.*)"', (arguments.sources / "Sources/PartnerCore/Version.swift").read_text())
    assert release
    digest = hashlib.sha256(arguments.bootstrap.read_bytes()).hexdigest()
    components = contents(arguments)
    function = {
        "type": "application",
        "bom-ref": arguments.function,
        "name": arguments.function,
        "version": release[1],
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    dependencies = [{"ref": arguments.function, "dependsOn": [each["bom-ref"] for each in components]}]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {"component": function},
        "components": components,
        "dependencies": dependencies + [{"ref": each["bom-ref"]} for each in components],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--function", required=True)
    for name in ("map", "bootstrap", "toolchain", "libraries", "sysroot", "sources"):
        parser.add_argument(f"--{name}", required=True, type=lambda path: Path(path).resolve())
    parser.add_argument("--packages", required=True, nargs="+", help="those that are kept up to date")
    print(json.dumps(bill(parser.parse_args()), indent=2))


if __name__ == "__main__":
    main()
