"""What the broker knows of versions that work together, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interceptor.broker import Row, Verdict
from interceptor.values.json_text import Json

_RESULTS = {True: "verified", False: "failed", None: "unknown"}
_ANSWERS = {True: "yes", False: "no", None: "not yet known"}
_NOT_PUBLISHED = "No pacts or verifications have been published"
"""What the broker says of a version that it does not know."""
_NOT_RECORDED = "no version is currently recorded"
"""What it says of an environment that the other side has never been deployed to."""


def answer_line(verdict: Verdict, deployment: str) -> str:
    """`yes: Product Site 1.0 to production`."""
    return f"{_ANSWERS[verdict.deployable]}: {deployment}"


def row_lines(rows: Sequence[Row]) -> Iterator[str]:
    """A verdict's rows as a table."""
    table = [
        (row.consumer, row.consumer_version or "-", row.provider, row.provider_version or "-", _RESULTS[row.success])
        for row in rows
    ]
    if table:
        table.insert(0, ("CONSUMER", "VERSION", "PROVIDER", "VERSION", "RESULT"))
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for cells in table:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))).rstrip()


def verdict_json(verdict: Verdict) -> dict[str, Json]:
    """A verdict for programs."""
    rows: list[Json] = [
        {
            "consumer": row.consumer,
            "consumer_version": row.consumer_version,
            "provider": row.provider,
            "provider_version": row.provider_version,
            "success": row.success,
            "url": row.url,
        }
        for row in verdict.rows
    ]
    return {"reasons": list(verdict.reasons), "matrix": rows}


def advice(verdict: Verdict) -> Iterator[str]:
    """What to do where a version may not be deployed."""
    reasons = "\n".join(verdict.reasons)
    failed = sorted({row.provider for row in verdict.rows if row.success is False})
    if failed:
        yield f"fix {' and '.join(failed)}, or change what the consumer asks of it"
    elif _NOT_PUBLISHED in reasons:
        yield "publish it first: interceptor publish, or for a provider interceptor verify --publish"
    elif _NOT_RECORDED in reasons:
        yield f"deploy {awaited(verdict)} first, or record its deployment: interceptor record-deployment"
    elif verdict.deployable is None:
        yield f"verify the pact at {awaited(verdict)}: interceptor verify --from-broker --publish,"
        yield "or start the verification with a webhook (interceptor webhook); then ask again"


def awaited(verdict: Verdict) -> str:
    """Whose results the broker waits for."""
    names = sorted({row.provider for row in verdict.rows if row.success is None})
    return " and ".join(names) or "the provider"
