"""The environment that the scripts make for what is written in Python."""

from pathlib import Path

from shipping import shell


def test_an_environment_that_could_not_be_made_whole_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-package-anywhere==1\n")
    for _ in range(2):
        done = shell(
            f'python=$(python_environment {tmp_path}/requirements.txt); echo "and on"',
            PIP_NO_INDEX="1", XDG_CACHE_HOME=str(tmp_path),
        )  # fmt: skip
        assert done.returncode == 1 and done.stdout == ""
        assert "No matching distribution found for no-such-package-anywhere==1" in done.stderr
