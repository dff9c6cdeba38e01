"""A whole body, sent in pieces: `dribble`."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.handlers.response_part import Dribble
from interceptor.values.decisions import Chunk


def dribbled(body: bytes, dribble: Dribble) -> tuple[Chunk, ...]:
    """The pieces of a body: the first at once, the last when the time is over."""
    count = min(dribble.chunks, len(body))
    if count < 2:
        return (Chunk(body, dribble.over),) if body else ()
    pause = dribble.over / (count - 1)
    return tuple(Chunk(piece, pause if at else 0.0) for at, piece in enumerate(_parts(body, count)))


def _parts(body: bytes, count: int) -> Iterator[bytes]:
    """Equal parts, but for a byte."""
    for at in range(count):
        yield body[len(body) * at // count : len(body) * (at + 1) // count]
