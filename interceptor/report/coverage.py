"""How much of the providers' documents a contract uses, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, get_args

from interceptor.values.coverage import CoverageKind, DocumentCoverage

_PLURALS = {"operation": "operations", "status": "statuses", "parameter": "parameters", "property": "properties"}
_COLOURS = ((80, "green"), (50, "yellow"), (0, "red"))


def coverage_lines(coverage: DocumentCoverage) -> Iterator[str]:
    """What the contract does not use, a line each, and a line with the numbers, as a badge would say it.

    What belongs to an operation or a status that is listed is not listed again.
    """
    for by, said in (("handlers", "only in handlers"), ("nothing", "not used")):
        listed = set[str]()
        for item in coverage.items:
            words = item.name.split(" ")
            if item.by == by and not listed & {" ".join(words[:count]) for count in (2, 3)}:
                listed.add(item.name)
                yield f"{said:16}  {item.kind:9}  {item.name}"
    counts = (
        f"{coverage.count(kind, 'contract')} of {coverage.count(kind)} {_PLURALS[kind]}"
        for kind in get_args(CoverageKind)
        if coverage.count(kind)
    )
    yield f"contract coverage of {coverage.provider}: {_percent(coverage)} ({', '.join(counts)})"


def coverage_document(coverages: Sequence[DocumentCoverage]) -> list[dict[str, Any]]:
    """The coverage of each document for programs; `badge` is what shields.io reads."""
    return [
        {
            "provider": each.provider,
            "percent": round(each.percent, 1),
            "badge": {
                "schemaVersion": 1,
                "label": "contract coverage",
                "message": _percent(each),
                "color": next(colour for least, colour in _COLOURS if each.percent >= least),
            },
            "items": [asdict(item) for item in each.items],
        }
        for each in coverages
    ]


def _percent(coverage: DocumentCoverage) -> str:
    return f"{int(coverage.percent)}%"
