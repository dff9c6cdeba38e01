"""The page of findings lists every code with its severity and meaning, and no other."""

import re
from pathlib import Path

from interceptor.values.finding_codes import FINDING_CODES

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"


def test_the_page_is_the_table():
    rows = re.findall(r"^\| `(.+?)` \| (\w+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(code, each.severity, each.meaning) for code, each in FINDING_CODES.items()]
