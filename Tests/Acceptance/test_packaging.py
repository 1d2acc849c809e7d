"""What scripts/package puts into a binary and beside it: whose authorities, which versions, and the same every time."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from programs import MACHINE, PACKAGED, ROOT, SHIPPED, bootstrap
from shipping import Machine, built_version, list_contents

DEBIAN_CERTIFICATES = "/usr/share/ca-certificates/"


def fingerprint(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256())


def fingerprints(directory: Path) -> set[bytes]:
    return {fingerprint(file.read_bytes()) for file in directory.iterdir()}


# Authorities


@pytest.mark.parametrize("function", SHIPPED)
def test_the_authorities_are_exactly_those_of_debian_s_package(function: str) -> None:
    listed = subprocess.run(["dpkg-query", "-L", "ca-certificates"], capture_output=True, text=True, check=True).stdout
    files = [name for name in listed.splitlines() if name.startswith(DEBIAN_CERTIFICATES) and name.endswith(".crt")]
    assert len(files) > 100
    shipped = {fingerprint(Path(name).read_bytes()) for name in files}
    assert fingerprints(bootstrap(function).parent / "certs") == shipped


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    shipped, private = [trustme.CA().cert_pem.bytes() for _ in range(3)], trustme.CA().cert_pem.bytes()
    return Machine(tmp_path / "machine", shipped, private)


def test_an_authority_of_the_machine_s_owner_stays_outside(machine: Machine, tmp_path: Path) -> None:
    done = machine.collect(tmp_path / "certs")
    assert done.returncode == 0, done.stderr
    assert fingerprints(tmp_path / "certs") == {fingerprint(file.read_bytes()) for file in machine.shipped}
    assert all(len(file.name.partition(".")[0]) == 8 for file in (tmp_path / "certs").iterdir())


def test_an_authority_that_was_exchanged_in_the_package_s_place_is_noticed(machine: Machine, tmp_path: Path) -> None:
    machine.shipped[1].write_bytes(trustme.CA().cert_pem.bytes())
    done = machine.collect(tmp_path / "certs")
    assert done.returncode == 1 and f"{DEBIAN_CERTIFICATES}mozilla/1.crt" in done.stderr
    assert not (tmp_path / "certs").exists()


def test_an_authority_that_was_put_in_a_diverted_one_s_place_is_noticed(machine: Machine, tmp_path: Path) -> None:
    taken = machine.shipped[1]
    moved = taken.rename(taken.with_suffix(".crt.distrib"))
    taken.write_bytes(trustme.CA().cert_pem.bytes())
    names = [f"{DEBIAN_CERTIFICATES}mozilla/{file.name}" for file in (taken, moved)]
    (machine.directory / "var/lib/dpkg/diversions").write_text("\n".join([*names, ":", ""]))
    done = machine.collect(tmp_path / "certs")
    assert done.returncode == 1 and names[1] in done.stderr, done.stderr
    assert not (tmp_path / "certs").exists()


# Contents

# Words that are in a binary exactly when the library is.
MARKS = {"sqlite3": b"SQLite format 3", "openssl": b"OpenSSL 3", "curl": b"libcurl"}


@pytest.mark.parametrize("function", SHIPPED)
def test_what_is_inside_is_listed_with_version_licence_and_source(function: str) -> None:
    text = (PACKAGED / f"{function}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    elf = bootstrap(function).read_bytes()
    digest = subprocess.run(["sha256sum", bootstrap(function)], capture_output=True, text=True, check=True).stdout
    assert bill["metadata"]["component"]["name"] == function
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest.split()[0]}]
    components = {each["name"]: each for each in bill["components"]}
    assert {"ca-certificates", "c-ares", "curl", "glibc", "openssl", "swift"} <= set(components)
    for each in components.values():
        assert each["version"] and each["licenses"] and each["purl"].startswith("pkg:")
    assert {name for name, mark in MARKS.items() if mark in elf} == set(components) & set(MARKS)
    for name in set(components) & set(MARKS):
        assert components[name]["version"] == built_version(name)


@pytest.mark.parametrize("function", SHIPPED)
def test_openssl_is_of_a_line_that_is_supported_for_long(function: str) -> None:
    assert b"OpenSSL 3.5." in bootstrap(function).read_bytes()


def section(file: str) -> str:
    return f"  33a000   33a000       10    16         {file}:(.text.f)\n"


@pytest.mark.parametrize(
    "file, packages, reason",
    [
        ("/usr/local/lib/libssl.a(ssl_lib.o)", "libssl-dev", "/usr/local/lib/libssl.a is linked, and no package"),
        ("/usr/bin/env", "libssl-dev", "coreutils is linked, and scripts/packaging/updates.sh does not"),
        ("/usr/bin/env", "coreutils", "coreutils is linked, and scripts/packaging/contents.py does not have"),
    ],
)
def test_what_nobody_knows_anything_of_is_not_shipped(file: str, packages: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "map").write_text(section(file))
    done = list_contents(tmp_path / "map", packages=f"ca-certificates {packages}")
    assert done.returncode == 1 and reason in done.stderr, done.stderr
    assert done.stdout == ""


def test_what_was_left_out_of_the_link_is_not_listed(tmp_path: Path) -> None:
    nothing = section("/usr/local/lib/libssl.a(ssl_lib.o)").replace("      10 ", "       0 ")
    (tmp_path / "map").write_text(nothing + section("<internal>"))
    done = list_contents(tmp_path / "map")
    assert done.returncode == 1 and "names nothing" in done.stderr
    (tmp_path / "map").write_text(nothing + section(str(ROOT / "ours.o")))
    listed = json.loads(list_contents(tmp_path / "map").stdout)["components"]
    assert [each["name"] for each in listed] == ["ca-certificates", "swift"]


# The same bytes


def test_another_directory_and_another_day_give_the_same_bytes(rebuilt: str, tmp_path: Path) -> None:
    """Of one function, as it takes a whole build; of all with --rebuild-all."""
    copy = tmp_path / "another directory"
    copy.mkdir()
    for name in ("Package.swift", "Sources", "Tests", "scripts"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    command = [copy / "scripts" / "package", "--allow-outdated", rebuilt]
    done = subprocess.run(command, capture_output=True, text=True, umask=0o077)
    assert done.returncode == 0, done.stderr
    for name in (f"{rebuilt}/bootstrap", f"{rebuilt}.zip", f"{rebuilt}.cdx.json"):
        assert (copy / "dist" / MACHINE / name).read_bytes() == (PACKAGED / name).read_bytes(), name
