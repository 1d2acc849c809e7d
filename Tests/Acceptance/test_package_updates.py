"""Of which sources the binaries are built: the system's, the mirrors', and whether there are newer ones."""

import fcntl
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from programs import MACHINE
from shipping import Debian, built_version, shell


@pytest.fixture
def debian(tmp_path: Path) -> Debian:
    return Debian(tmp_path)


# Updates


def test_a_package_that_has_an_update_is_named_and_not_shipped(debian: Debian) -> None:
    debian.ask(days_ago=0)
    done = debian.check()
    assert done.returncode == 1
    assert "libc-ares-dev is 2.0, and Debian has 2.1: run scripts/setup, or say --allow-outdated" in done.stderr
    allowed = debian.check("allowed")
    assert allowed.returncode == 0 and "libc-ares-dev is 2.0, and Debian has 2.1" in allowed.stderr


@pytest.mark.parametrize("days_ago, shipped", [(None, False), (8, False), (6, True)])
def test_updates_that_nobody_asked_for_in_a_week_may_be_there(
    days_ago: int | None, shipped: bool, debian: Debian
) -> None:
    debian.update()
    if days_ago is not None:
        debian.ask(days_ago)
    done = debian.check()
    assert (done.returncode == 0) == shipped
    assert shipped or "asked Debian's mirrors" in done.stderr


def test_an_openssl_that_is_older_than_the_mirrors_is_not_shipped_either(debian: Debian) -> None:
    debian.update()
    debian.ask(days_ago=0)
    built = built_version("openssl")
    debian.list_openssl("3.0.22-1~deb12u2", built, "4.0.0-1")
    assert debian.check().returncode == 0, "of another line there may be anything"
    debian.list_openssl(built, "3.5.99-1")
    done = debian.check()
    assert done.returncode == 1 and f"openssl is {built}, and Debian has 3.5.99-1" in done.stderr


def test_a_library_that_was_built_of_an_older_source_than_its_package_is_not_shipped_either(debian: Debian) -> None:
    debian.update()
    debian.ask(days_ago=0)
    assert debian.check().returncode == 0
    current = debian.cache / "libraries" / MACHINE / "curl/current"
    older = current.with_name("7.1-1-0a1b2c3d")
    (older / "lib").mkdir(parents=True)
    current.unlink()
    current.symlink_to(older.name)
    done = debian.check()
    assert done.returncode == 1 and "curl is 7.1-1, and Debian has " in done.stderr


def test_an_openssl_that_is_listed_and_not_there_yet_is_not_waited_for(debian: Debian) -> None:
    debian.update()
    debian.ask(days_ago=0)
    built = built_version("openssl")
    debian.list_openssl(built, "3.5.99-1")
    debian.go_offline()
    done = debian.setup()
    assert done.returncode == 0, done.stderr
    assert "the mirrors list openssl 3.5.99-1, and do not have it: taking the one before" in done.stderr


def test_setup_brings_what_is_linked_up_to_date_and_asks_once_a_day(debian: Debian) -> None:
    done = debian.setup()
    assert done.returncode == 0, done.stderr
    update, install = debian.calls
    assert update.startswith("update ") and install == "install -qy --only-upgrade libc-ares-dev"
    assert debian.check().returncode == 0
    assert debian.setup().returncode == 0 and len(debian.calls) == 2
    debian.ask(days_ago=2)
    assert debian.setup().returncode == 0 and len(debian.calls) == 3


def test_without_the_mirrors_setup_goes_on_and_says_so(debian: Debian) -> None:
    debian.update()
    debian.go_offline()
    done = debian.setup()
    assert done.returncode == 0 and "mirrors could not be asked" in done.stderr
    assert debian.check().returncode == 1, "nobody knows whether there are updates"


def test_one_setup_waits_for_another(debian: Debian) -> None:
    with (debian.cache / "setup.lock").open("w") as lock, ThreadPoolExecutor() as threads:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threads.submit(debian.setup)
        with pytest.raises(TimeoutError):
            second.result(timeout=2)
        assert debian.calls == []
        fcntl.flock(lock, fcntl.LOCK_UN)
        done = second.result()
    assert done.returncode == 0 and "another scripts/setup runs: waiting for its end" in done.stderr
    assert len(debian.calls) == 2


# Systems


@pytest.mark.parametrize(
    "release, system",
    [
        ('ID=debian\nVERSION_ID="12"\n', "debian12"),
        ('PRETTY_NAME="Debian"\nVERSION_ID="13"\nID=debian\n', "debian13"),
        ('ID=ubuntu\nVERSION_ID="24.04"\nID_LIKE=debian\n', "ubuntu24.04"),
    ],
)
def test_a_system_is_known_by_its_own_words(release: str, system: str, tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text(release)
    assert shell(f"system_of {tmp_path}/os-release", "system").stdout == f"{system}\n"


@pytest.mark.parametrize(
    "release, name", [("ID=debian\nVERSION_ID=11\n", "debian 11"), ("ID=arch\n", "arch"), ("", "an unknown system")]
)
def test_another_system_is_told_which_are_needed(release: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text(release)
    done = shell(f"system_of {tmp_path}/os-release", "system")
    assert done.returncode == 1
    assert f"this is {name}, and Debian 12, Debian 13 or Ubuntu 24.04 is needed" in done.stderr


@pytest.mark.parametrize(
    "system, origin, expected",
    [
        (
            "debian12",
            "Debian|http://mirror.example/debian/|bookworm|main\nDebian|http://mirror.example/s/|bookworm-security|main",
            ["http://mirror.example/debian/ trixie main", "http://mirror.example/s/ trixie-security main"],
        ),
        ("debian13", "Debian|http://mirror.example/debian/|trixie|main", []),
        (
            "ubuntu24.04",
            "Ubuntu|http://mirror.example/ubuntu/|noble|main",
            ["http://deb.debian.org/debian trixie main", "http://deb.debian.org/debian-security trixie-security main"],
        ),
    ],
)
def test_sources_come_from_the_system_s_mirrors_and_openssl_from_where_it_is_supported(
    system: str, origin: str, expected: list[str], tmp_path: Path
) -> None:
    lists = f"system={system}; apt-get() {{ echo '{origin}'; }}"
    own = shell(f"{lists}; mirror_entries deb-src", "sources").stdout
    assert own.count("deb-src [signed-by=") == len(origin.splitlines())
    assert f"/{system.rstrip('0123456789.')}-archive-keyring.gpg]" in own
    openssl = shell(f"{lists}; openssl_entries", "sources").stdout.splitlines()
    assert sorted(each.partition("] ")[2] for each in openssl) == sorted(expected)
    assert all("/debian-archive-keyring.gpg]" in each for each in openssl)


def test_the_toolchain_is_found_behind_a_manager_of_toolchains(tmp_path: Path) -> None:
    """Its `swift` is a link to itself, and lies where no toolchain is."""
    found = shell('echo "$swift_root"', "target").stdout
    manager = tmp_path / "manager"
    manager.write_text(f'#!/bin/sh\nexec {shutil.which("swift")} "$@"\n')
    manager.chmod(0o755)
    (tmp_path / "swift").symlink_to(manager)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert shell('echo "$swift_root"', "target", PATH=path).stdout == found
    assert (Path(found.strip()) / "bin/swiftc").exists()
