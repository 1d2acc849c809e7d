"""README and the articles: short, true, and without dead ends."""

import re
import subprocess
from pathlib import Path

import pytest
from examples import PAGES
from programs import ROOT, bootstrap
from samtranslator.yaml_helper import yaml_parse

README = (ROOT / "README.md").read_text()


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


@pytest.mark.parametrize("root", ["PartnerCore/Documentation.docc/PartnerCore.md", "OwnliClient/OwnliClient.docc/OwnliClient.md"])
def test_a_catalogs_first_page_has_all_of_its_articles(root: str):
    page = ROOT / "Sources" / root
    listed = re.findall(r"^- \[.*\]\((.*)\)$", page.read_text(), flags=re.M)
    assert sorted(listed) == sorted(other.name for other in page.parent.glob("*.md") if other != page)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("[B](B.md), [a file](../x.yaml), [the world](https://example.com), `[no](link.md)`\n\n![a](Resources/a.svg)", ""),
        ("[C](C.md)", "'C' doesn't exist"),
        ("``Nothing``", "'Nothing' doesn't exist"),
        ("![a](Resources/b.svg)", "'b.svg' couldn't be found"),
    ],
)
def test_docc_gets_pages_whose_links_it_can_follow(text: str, complaint: str, tmp_path: Path):
    """As scripts/docs gives them to it."""
    catalog = tmp_path / "A.docc"
    (catalog / "Resources").mkdir(parents=True)
    (catalog / "Resources" / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (catalog / "A.md").write_text(f"# A\n\n@Metadata {{\n    @TechnologyRoot\n}}\n\nOne.\n\n{text}\n")
    (catalog / "B.md").write_text("# B\n\nTwo.\n")
    scripts, found = ROOT / "scripts" / "documentation", tmp_path / "found.json"
    subprocess.run([scripts / "catalog.py", catalog, tmp_path / "copy.docc"], check=True)
    docc = ["docc", "convert", tmp_path / "copy.docc", "--output-path", tmp_path / "out", "--diagnostics-file", found]
    subprocess.run(docc, check=True, capture_output=True)
    done = subprocess.run([scripts / "complaints.py", found], capture_output=True, text=True)
    assert (done.returncode, complaint in done.stderr) == (1 if complaint else 0, True), done.stderr


def test_the_picture_of_the_page_is_small():
    picture = ROOT / "Sources/PartnerCore/Documentation.docc/Resources/page.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and picture.stat().st_size < 200_000
    assert "Resources/page.png" in README


@pytest.mark.parametrize("script", ["deploy-aws", "deploy-gcp", "dev", "invoke", "package", "setup", "test"])
def test_a_script_that_is_asked_for_help_does_nothing_else(script: str) -> None:
    done = subprocess.run([ROOT / "scripts" / script, "--help"], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "") and f"\n  scripts/{script} " in done.stdout


def test_every_metric_is_explained():
    sources = "".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    calls = re.findall(r"invocation\.(?:count|reach)\(([^,)]*)", sources)
    metrics = {name for call in calls for name in re.findall(r'"(\w+)"', call)}
    articles = "".join(page.read_text() for page in PAGES)
    assert len(metrics) > 20
    assert sorted(name for name in metrics if f"`{name}`" not in articles) == []


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


def commands() -> dict[str, str]:
    """Each command of the operator's tool with its help."""

    def help(*words: str) -> str:
        return subprocess.run([bootstrap("partner-admin"), *words, "--help"], capture_output=True, text=True).stdout

    usages = [line.split("  ")[1] for line in help().splitlines() if line.startswith("  ")]
    names = [" ".join(word for word in usage.split() if word.islower()) for usage in usages]
    return {name: help(*name.split()) for name in names}


def test_the_operators_tool_has_a_section_for_each_command_with_an_example_and_every_option():
    article = (ROOT / "Sources/PartnerCore/Documentation.docc/PartnerAdmin.md").read_text()
    listed = article.split("## Commands\n")[1].split("\n## ")[0]
    sections = dict(part.split("\n", 1) for part in listed.split("\n### ")[1:])
    helps = commands()
    assert len(helps) > 20 and sorted(sections) == sorted(helps)
    told_for_all = article.split("## Commands\n")[0]
    for name, section in sections.items():
        # Without what the example tells.
        text = re.sub(r"```console\n(\$ .*)\n(?:.*\n)*?```", r"\1", section)
        known = set(re.findall(r"^  (--[a-z-]+)", helps[name], flags=re.M))
        assert f"$ partner-admin {name}" in text, name
        assert set(re.findall(r"(?<![\w-])--[a-z-]+", text)) <= known, name
        assert [option for option in known if option not in text and option not in told_for_all and option != "--help"] == []
