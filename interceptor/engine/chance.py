"""Entries that have their turn by chance, the same in every run of one seed."""

from __future__ import annotations

import hashlib

from interceptor.engine.compiled import CompiledHandler, DescribedEntry
from interceptor.engine.scopes import HandlerState


def drawn_entries(handler: CompiledHandler, memory: HandlerState, test: str | None, seed: int) -> list[DescribedEntry]:
    """The entries that a draw gives this call, in their order; the first one has the turn, if its conditions hold.

    What is drawn depends on the seed, the test, the handler and how often it was asked, and so on nothing that
    other handlers do meanwhile.
    """
    count = memory.draws.get(handler.route.rank, 0)
    memory.draws[handler.route.rank] = count + 1
    found = []
    for entry in handler.by_chance:
        source = f"{seed}\n{test or ''}\n{handler.loaded.place}\n{entry.index}\n{count}"
        number = int.from_bytes(hashlib.sha256(source.encode()).digest()[:8]) / 2**64
        if number < (entry.compiled.model.chance or 0.0):
            found.append(entry)
    return found
