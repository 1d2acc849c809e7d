"""GitHub's workflow: valid, with the least rights, without keys, and with commands that there are."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest
import yaml
from programs import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Of a job, what wants which right.
NEEDS = {
    "actions/attest-build-provenance": {"id-token", "attestations"},
    "aws-actions/configure-aws-credentials": {"id-token"},
    "google-github-actions/auth": {"id-token"},
    "actions/checkout": {"contents"},
}


def workflow(file: Path) -> dict:
    return yaml.safe_load(file.read_text())


def jobs() -> Iterator[tuple[str, dict]]:
    for file in FILES:
        yield from workflow(file)["jobs"].items()


def commands() -> Iterator[str]:
    for _, job in jobs():
        yield from (step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_workflow_fits_github_s_own_schema(file: Path) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.github-workflows", file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_actions_are_pinned_by_commit_with_their_version_beside_it(file: Path) -> None:
    uses = re.findall(r"uses: (.*)", file.read_text())
    assert uses and [each for each in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def test_a_job_has_the_rights_that_its_actions_want_and_no_others() -> None:
    for name, job in jobs():
        actions = {step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step}
        wanted = {right for action in actions for right in NEEDS.get(action, set())}
        assert set(job["permissions"]) == wanted, name
        assert {right for right, access in job["permissions"].items() if access == "write"} == wanted - {"contents"}, name
    assert all(workflow(file)["permissions"] == {} for file in FILES)


def test_there_are_no_keys_and_nothing_that_others_write_becomes_a_command() -> None:
    for file in FILES:
        assert "secrets." not in file.read_text()
    assert [command for command in commands() if "${{" in command] == []


def test_what_asks_a_cloud_for_access_waits_for_its_environment_and_for_main() -> None:
    deploying = [job for _, job in jobs() if any("auth" in step.get("uses", "") for step in job["steps"])]
    assert deploying
    for job in deploying:
        assert job["environment"] == "${{ inputs.environment }}"
        assert "workflow_dispatch" in job["if"] and "refs/heads/main" in job["if"]


def test_scripts_and_their_options_are_there() -> None:
    called = [call for command in commands() for call in re.findall(r"scripts/([\w-]+)((?: [^\n|;&\\]+)?)", command)]
    assert {"test", "setup", "package", "deploy-aws", "deploy-gcp"} == {name for name, _ in called}
    for name, arguments in called:
        script = ROOT / "scripts" / name
        assert script.stat().st_mode & 0o100, name
        for option in re.findall(r"--[a-z-]+", arguments):
            assert re.search(rf"{option}\b", script.read_text()), (name, option)


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_is_one_that_bash_reads(command: str) -> None:
    assert subprocess.run(["bash", "-n"], input=command, text=True, timeout=10).returncode == 0
