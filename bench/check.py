"""How fast pacts are checked, and how far the findings agree with those of @pactflow/openapi-pact-comparator."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeAlias

from bench.contracts import pact
from bench.documents import document
from bench.load import BenchError
from bench.pairs import interleaved, tell
from bench.peers import COMPARATOR, MODULES, SCRIPTS, MissingPeerError, node_version
from bench.report import spread, table
from bench.scale import Scale

_Files: TypeAlias = tuple[Path, Path]
"""A document and a pact."""
_PACKAGE = "@pactflow/openapi-pact-comparator"
_OPERATIONS = 500
_DOCUMENTS = 20
_COLUMNS = ["interactions", "operations", "interceptor check, s", "comparator, s", "ratio"]
_PLACE = re.compile(r"\[root\]\.interactions\[(\d+)\]")


def report(scale: Scale, folder: Path, wanted: Sequence[str] | None) -> str:
    place = folder / "check"
    place.mkdir()
    files = _files(scale.checks, 0, place)
    tell(f"check: {scale.checks:,} interactions")
    try:
        release = None if wanted is not None and COMPARATOR not in wanted else node_version(_PACKAGE)
    except MissingPeerError as missing:
        return f"{_alone(scale, files)}\nThe comparator was left out: {missing}.\n"
    if release is None:
        return _alone(scale, files)
    results = interleaved(partial(_seconds, _ours, files), partial(_seconds, _theirs, files), scale.pairs)
    ours, theirs = (f"{median(side):.2f}" for side in zip(*results, strict=True))
    row = [f"{scale.checks:,}", f"{_OPERATIONS}", ours, theirs, spread(other / one for one, other in results)]
    return f"{_INTRODUCTION}\n{table(_COLUMNS, [row])}\n\n{_agreement(scale.checks // 10, release, place)}"


def _alone(scale: Scale, files: _Files) -> str:
    row = [f"{scale.checks:,}", f"{_OPERATIONS}", f"{_seconds(_ours, files):.2f}"]
    return f"{_INTRODUCTION}\n{table(_COLUMNS[:3], [row])}\n"


def _agreement(interactions: int, release: str, folder: Path) -> str:
    same = 0
    for seed in range(1, _DOCUMENTS + 1):
        tell(f"check: agreement, document {seed}")
        files = _files(interactions, seed, folder)
        ours, theirs = _codes_of_ours(files), _codes_of_theirs(files)
        same += sum(ours[index] == theirs[index] for index in range(interactions))
    total = _DOCUMENTS * interactions
    return _AGREEMENT.format(release=release, documents=_DOCUMENTS, total=total, same=same)


def _files(interactions: int, seed: int, folder: Path) -> _Files:
    described = document(_OPERATIONS, seed)
    files = folder / "openapi.json", folder / "pact.json"
    for file, content in zip(files, (described, pact(described, interactions, seed)), strict=True):
        file.write_text(json.dumps(content), encoding="utf-8")
    return files


def _seconds(check: Callable[[_Files], str], files: _Files) -> float:
    began = time.perf_counter()
    check(files)
    return time.perf_counter() - began


def _ours(files: _Files) -> str:
    described, contract = files
    return _output([str(SCRIPTS / "interceptor"), "check", str(contract), f"--openapi={described}", "--json"], files)


def _theirs(files: _Files) -> str:
    described, contract = files
    return _output(["node", str(MODULES / _PACKAGE / "dist" / "cli.cjs"), f"--oas={described}", str(contract)], files)


def _output(command: list[str], files: _Files) -> str:
    """What a check prints; its exit code says that there are errors. The comparator loses what a pipe does not take."""
    folder = files[0].parent
    printed, complaint = folder / "printed", folder / "complaint"
    with printed.open("wb") as output, complaint.open("wb") as errors:
        subprocess.run(command, cwd=folder, stdout=output, stderr=errors, check=False)
    text = printed.read_text(encoding="utf-8")
    if not text:
        raise BenchError(f"{command[0]} said nothing: {complaint.read_text(encoding='utf-8')}")
    return text


def _codes_of_ours(files: _Files) -> dict[int, set[str]]:
    codes: dict[int, set[str]] = defaultdict(set)
    for finding in json.loads(_ours(files)):
        codes[finding["interaction"]].add(f"{finding['type']} {finding['code']}")
    return codes


def _codes_of_theirs(files: _Files) -> dict[int, set[str]]:
    codes: dict[int, set[str]] = defaultdict(set)
    for finding in json.loads(_theirs(files)):
        place = _PLACE.match(finding["mockDetails"]["location"])
        assert place is not None
        codes[int(place[1])].add(f"{finding['type']} {finding['code']}")
    return codes


_INTRODUCTION = """## Check

The time from a document and a pact on disk to all findings, including the start of the program.
Three interactions in ten have a mistake.
"""
_AGREEMENT = """Agreement with openapi-pact-comparator {release}: of {total:,} interactions with {documents} \
documents (OpenAPI 3.0, 3.1 and Swagger 2.0; pacts of specifications 1 to 4), {same:,} have the same codes.
[check.md](check.md#where-the-findings-differ) lists what differs, and why.
"""
