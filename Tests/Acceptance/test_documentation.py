"""README and the articles: short, true, and without dead ends."""

import re
import subprocess

import pytest
from programs import ROOT, bootstrap
from samtranslator.yaml_helper import yaml_parse

README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "Sources").glob("*/*.docc/*.md"))]


def test_the_readme_is_read_in_one_sitting():
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert [link for link in links if not link.startswith("https://") and not (page.parent / link).exists()] == []


def test_every_article_is_linked():
    named = {page.name for page in PAGES if page.name in "".join(other.read_text() for other in PAGES if other != page)}
    assert named | {"README.md"} == {page.name for page in PAGES}


def wrong() -> str:
    return README.split("## When something is wrong")[1].split("\n## ")[0]


def test_something_is_said_of_every_alarm():
    rows = [row.split("|")[1] for row in wrong().splitlines() if row.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]

    def is_told(alarm: str) -> bool:
        alarm = alarm.removesuffix("Alarm")
        return any(alarm.endswith(name[2:]) if name.startswith("..") else alarm == name for name in told)

    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"].items()
    alarms = [name for name, resource in resources if resource["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) > 25
    assert [alarm for alarm in alarms if not is_told(alarm)] == []


def test_every_command_that_is_named_is_one_and_knows_its_options():
    text = "".join(page.read_text() for page in PAGES if page.name != "Changes.md")
    blocks = re.findall(r"```.*?```", text, flags=re.S)
    spans = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    lines = [line for block in blocks for line in block.splitlines()] + [" ".join(span.split()) for span in spans]
    named = {line.split("#")[0].split(">")[0] for line in lines if re.match("partner-admin [a-z]+ [a-z-]+", line)}
    assert len(named) > 10
    for line in named:
        words = line.split()
        help = subprocess.run([bootstrap("partner-admin"), *words[1:3], "--help"], capture_output=True, text=True)
        assert help.returncode == 0, line
        assert [word for word in words if word.startswith("--") and f"  {word}" not in help.stdout] == [], line
