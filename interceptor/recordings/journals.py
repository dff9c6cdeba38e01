"""Journals as the source of handlers: what real servers answered, and what mocks did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from interceptor.journal import read_journal
from interceptor.values.damage import Damage
from interceptor.values.exchange import ImportedExchange, Outcome

_OF_A_FILE = re.compile(r".*\.ya?ml:\d+")


def read_answered(path: Path, damages: list[Damage], *, with_handlers: bool) -> Iterator[ImportedExchange]:
    """The answered exchanges of a journal.

    Args:
        path: the journal.
        damages: takes what of it cannot be read.
        with_handlers: whether to take what handlers of files answered, too; a project has those already.

    Raises:
        RecordingError: where the file is no journal.
    """
    recording = read_journal(path)
    for exchange in recording:
        metadata = exchange.metadata
        if exchange.response is None or exchange.metadata.websocket is not None:
            continue
        if exchange.outcome not in {Outcome.PASSED, Outcome.MOCKED}:
            continue
        if not with_handlers and _OF_A_FILE.fullmatch(metadata.handler or ""):
            continue
        lacks_body = "response" in exchange.large
        yield ImportedExchange(
            exchange.request, exchange.response, exchange.at, metadata, exchange.masked, lacks_body=lacks_body
        )
    damages += recording.damages
