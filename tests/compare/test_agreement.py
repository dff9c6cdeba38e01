"""The findings of every case beside those of PactFlow's engine, where `make bench` has installed that."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from interceptor.openapi.files import read_file

ROOT = Path(__file__).parents[2]
CASES = sorted((Path(__file__).parent / "cases").iterdir())
ENGINE = ROOT / "bench/node/node_modules/@pactflow/openapi-pact-comparator"
PROGRAM = """
const fs = require("fs");
const { Comparator } = require(process.argv[1]);
(async () => {
  const told = [];
  for (const { oas, pact } of JSON.parse(fs.readFileSync(process.argv[2]))) {
    const found = [];
    try {
      const results = new Comparator({ oas }).compare(pact);
      for await (const each of results) found.push([each.code, each.mockDetails.location]);
      told.push(found);
    } catch { told.push(null); }
  }
  fs.writeFileSync(process.argv[3], JSON.stringify(told));
})();
"""
SEVERAL_FILES = {"several-files"}
"""The engine is given one file."""


@pytest.mark.skipif(not (ENGINE.exists() and shutil.which("node")), reason="make bench installs the engine")
def test_the_engine_finds_the_same_but_for_what_the_cases_say(tmp_path):
    cases = [case for case in CASES if case.name not in SEVERAL_FILES]
    given = [{"oas": read_file("openapi.yaml", case), "pact": read_file("pact.json", case)} for case in cases]
    (tmp_path / "cases.json").write_text(json.dumps(given))
    files = [str(tmp_path / "cases.json"), str(tmp_path / "told.json")]
    subprocess.run(["node", "-e", PROGRAM, str(ENGINE), *files], check=True)

    told = json.loads((tmp_path / "told.json").read_text())
    assert {case.name: by_interaction(found) for case, found in zip(cases, told, strict=True)} == {
        case.name: said_of_the_engine(case) for case in cases
    }


def test_no_error_is_one_that_the_engine_does_not_have():
    beyond = [
        (case.name, finding)
        for case in CASES
        if isinstance(differs := (expected := read_file("expected.yaml", case)).get("differs", {}), dict)
        for finding in expected["findings"]
        if finding["type"] == "error"
        and finding["code"] not in differs.get(str(finding.get("interaction")), [finding["code"]])
    ]

    assert beyond == []


def test_every_difference_is_explained():
    explained = (ROOT / "docs/check.md").read_text(encoding="utf-8").partition("## Where the findings differ")[2]

    differing = {case.name for case in CASES if "differs" in read_file("expected.yaml", case)}
    rows = re.findall(r"^\| (`.*?) \|", explained, re.MULTILINE)
    assert {name for row in rows for name in re.findall("`(.*?)`", row)} == differing


def by_interaction(found):
    if found is None:
        return "refuses"
    codes = {}
    for code, place in found:
        codes.setdefault(re.search(r"interactions\[(\d+)\]", place)[1], set()).add(code)
    return codes


def said_of_the_engine(case):
    """What a case expects, with what it says of the engine in place of our own findings."""
    expected = read_file("expected.yaml", case)
    differs = expected.get("differs", {})
    if isinstance(differs, str):
        return "refuses"
    codes = {}
    for finding in expected["findings"]:
        if "interaction" in finding:
            codes.setdefault(str(finding["interaction"]), set()).add(finding["code"])
    return {index: of_one for index, of_one in (codes | {i: set(d) for i, d in differs.items()}).items() if of_one}
