"""`interceptor matrix`: who has been verified with whom."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.options import RETRIES, SECONDS, AsJson, Participant, Retries, Timeout, participant_or_consumer
from interceptor.values.json_text import Json

if TYPE_CHECKING:
    from interceptor.broker import Row, Verdict

_RESULTS = {True: "verified", False: "failed", None: "unknown"}


def matrix(
    ctx: typer.Context,
    version: Annotated[str | None, typer.Option(metavar="V", help="Its version. Default: the latest one.")] = None,
    participant: Participant = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show which versions of whom a version has been verified with."""
    from interceptor import broker as brokers

    name = participant_or_consumer(ctx.obj, participant)
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    verdict = brokers.matrix(broker, name, version)
    if as_json:
        print(json.dumps(document(verdict), indent=2, ensure_ascii=False))
        return
    if not verdict.rows:
        print(f"interceptor  the broker knows no pact of {name} {version or ''}".rstrip())
    print_rows(verdict.rows)


def document(verdict: Verdict) -> dict[str, Json]:
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


def print_rows(rows: Sequence[Row]) -> None:
    """A verdict's rows as a table."""
    table = [
        (row.consumer, row.consumer_version or "-", row.provider, row.provider_version or "-", _RESULTS[row.success])
        for row in rows
    ]
    if table:
        table.insert(0, ("CONSUMER", "VERSION", "PROVIDER", "VERSION", "RESULT"))
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for cells in table:
        print(("  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))).rstrip())
