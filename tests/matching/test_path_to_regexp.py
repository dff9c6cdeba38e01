"""Path patterns against path-to-regexp, the library of MSW, where npm can give it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interceptor.matching.paths import compile_path
from interceptor.values.urls import split_path

pytestmark = pytest.mark.slow

_CASES = 3000
_SINGLE = ("a", "b", "10", r"\:a", ":{}", r":{}(\d+)", ":{}.json")
_STEPS = (*_SINGLE, ":{}?", ":{}+", ":{}*")
_SEGMENTS = ("a", "b", "10", "7", "x.json", "x-7", ":a", "a%20b", "a%2Fb", "%C3%A9")
# MSW writes `*` as a group of its own before it hands a pattern over.
_ORACLE = r"""
const { match } = require("path-to-regexp");
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const joined = (value) => Array.isArray(value) ? value.join("/") : value;
console.log(JSON.stringify(cases.map(([pattern, path]) => {
  const found = match(pattern.replace(/(?<=\/)\*$/, "(.*)"),
    { decode: decodeURIComponent, sensitive: true })(path);
  return found && Object.fromEntries(Object.entries(found.params).map(([name, value]) => [name, joined(value)]));
})));
"""


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds the library."""
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm")
    folder = tmp_path_factory.mktemp("oracle")
    install = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(
        [*install, "--fetch-retries=0", "path-to-regexp@6"], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        pytest.skip(f"npm cannot install path-to-regexp: {done.stderr.strip().splitlines()[-1]}")
    return folder


def test_patterns_take_what_path_to_regexp_takes(oracle: Path) -> None:
    cases = list(_cases())
    done = subprocess.run(
        ["node", "-e", _ORACLE], cwd=oracle, input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    theirs = json.loads(done.stdout)
    differences = [
        (pattern, path, {"ours": ours, "theirs": their})
        for (pattern, path), their in zip(cases, theirs, strict=True)
        if (ours := _ours(pattern, path)) != (their if their is False else {k: v for k, v in their.items() if v})
    ]
    assert differences == []
    assert 0.1 < sum(each is not False for each in theirs) / len(theirs) < 0.9


def _ours(pattern: str, path: str) -> Any:
    params = compile_path(pattern).match(split_path(path)[0])
    return False if params is None else {name: value for name, value in params.items() if value}


def _cases() -> Iterator[tuple[str, str]]:
    """Patterns, and paths that many of them take.

    There are none where we differ by intent, as the table in docs/handlers.md says: a colon within a segment is plain,
    `*` may take nothing, and takes no slash at the end.
    """
    choose = random.Random(11)  # cases, not secrets
    for _ in range(_CASES):
        star = choose.random() < 0.2
        steps = choose.choices(_SINGLE if star else _STEPS, k=choose.randint(0, 3))
        pattern = "/" + "/".join([step.format(f"p{index}") for index, step in enumerate(steps)] + ["*"] * star)
        length = len(steps) + choose.randint(1, 2) if star else choose.randint(0, len(steps) + 1)
        path = "/" + "/".join(choose.choices(_SEGMENTS, k=length))
        yield pattern, path if star or not length else path + choose.choice(["", "/"])
