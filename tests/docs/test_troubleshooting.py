"""The words by which the page of troubleshooting is searched are those that the package says."""

from __future__ import annotations

import re

import pytest

from tests.installed import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
PARTS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
OURS = [
    words
    for part in ("What a run says", "What happens to pacts")
    for words in re.findall(r"^### `(.+?)`", PARTS[part], re.MULTILINE)
]
PACT_CLIENT = {"Actual map is missing the following keys"}
"""What the client of the broker says, which verifies."""


@pytest.fixture(scope="module")
def sources():
    return "\n".join(file.read_text() for file in (ROOT / "interceptor").rglob("*.py"))


@pytest.mark.parametrize("words", sorted(set(OURS) - PACT_CLIENT))
def test_the_package_says_these_words(words, sources):
    assert words in re.sub(r"\{.*?\}", "", sources) or words in sources


def test_there_are_words_to_find():
    assert len(OURS) > 10
