#!/usr/bin/env python3
"""Fails when docc has warned of anything but a parameter without a sentence of its own: complaints.py DIAGNOSTICS"""

import json
import re
import sys
from pathlib import Path

problems = []
for it in json.loads(Path(sys.argv[1]).read_text())["diagnostics"]:
    if not re.fullmatch("Parameter '.*' is missing documentation", it["summary"]):
        line = it.get("range", {}).get("start", {}).get("line", 1)
        problems.append(f"{it.get('source', '').removeprefix('file://')}:{line}: {it['summary']}")
sys.exit("\n".join(problems) if problems else None)
