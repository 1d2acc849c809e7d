"""scripts/arrows: it sees who uses what of whom."""

import importlib.machinery
import importlib.util
import re
import subprocess
from types import ModuleType

import pytest
from programs import ROOT

SCRIPT = ROOT / "scripts" / "arrows"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("arrows", str(SCRIPT))
    spec = importlib.util.spec_from_loader("arrows", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_rooms_are_as_the_list_has_them() -> None:
    done = subprocess.run([SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_article_tells_of_each_room_from_the_ground_up(script: ModuleType) -> None:
    article = (script.CORE / "Documentation.docc" / "HowItIsBuilt.md").read_text()
    listed = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", article, re.MULTILINE)))
    assert listed == [line.partition(":")[0] for line in script.ROOMS.strip().split("\n")]
    assert sorted(listed) == sorted(script.read())


def test_a_picture_has_a_dot_for_every_arrow_and_none_above_the_diagonal(script: ModuleType) -> None:
    drawn = script.picture({"Ground": [], "Middle": ["Ground"], "Top": ["Ground", "Middle"]})
    columns = {x: row for row, x in enumerate(re.findall(r'<rect x="(\d+)" y="\d+" width="18"', drawn))}
    dots = {(int(y), int(x)) for x, y in re.findall(r'<circle cx="(\d+)" cy="(\d+)"', drawn)}
    assert (len(columns), len(dots)) == (3, 3)
    assert all(x - min(map(int, columns)) > y - min(y for y, _ in dots) for y, x in dots)


LOG = """
public struct Log {
    init(level: Int) {}
}

func sleep() {}
"""
TELEMETRY = """
extension Log {
    init(reading settings: Int) {}

    /// `Clock` is but mentioned.
    var severity: String { "Clock" }
    private var hidden: Int { 1 }
}
"""


@pytest.mark.parametrize(
    "text, used",
    [
        ("let log: Log? = nil", {("Used", "Log"): {"Log"}}),
        ("let a = Log(level: 1)", {("Used", "Log"): {"Log", "Log(level:"}}),
        ("let a = Log(reading: 1)", {("Used", "Log"): {"Log"}, ("Used", "Telemetry"): {"Log(reading:"}}),
        ("func f() { say(it.severity) }", {("Used", "Telemetry"): {"severity"}}),
        ("func f() { say(it.hidden) } // Log", {}),
        ('let text = "Log"', {}),
        ("enum Outer {\n    struct Log {}\n    let log: Log\n}", {}),
    ],
)
def test_a_use_is_seen_and_nothing_else(script: ModuleType, text: str, used: dict) -> None:
    rooms = {"Log": [LOG], "Telemetry": [TELEMETRY], "Used": [text]}
    found = script.arrows({room: [script.code(each) for each in texts] for room, texts in rooms.items()})
    found.pop(("Telemetry", "Log"))
    assert found == used
