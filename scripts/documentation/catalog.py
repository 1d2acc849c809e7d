#!/usr/bin/env python3
"""Copies a catalog of documentation for docc: catalog.py CATALOG COPY

In the repository pages link one another by their files, so that they can be read there. docc wants the names of pages,
and knows nothing of files beside the catalog: of a link to one its text is left.
"""

import re
import shutil
import sys
from pathlib import Path

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
# Nothing in there is a link.
CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def for_docc(match: "re.Match[str]") -> str:
    picture, text, target = match.groups()
    if target.startswith("https://"):
        return match[0]
    if picture:
        return f"![{text}]({Path(target).name})"
    return f"<doc:{Path(target).stem}>" if re.fullmatch(r"[\w-]+\.md", target) else text


def main() -> None:
    catalog, copy = Path(sys.argv[1]), Path(sys.argv[2])
    shutil.copytree(catalog, copy)
    for page in copy.glob("*.md"):
        parts = CODE.split(page.read_text())
        page.write_text("".join(part if CODE.fullmatch(part) else LINK.sub(for_docc, part) for part in parts))


if __name__ == "__main__":
    main()
