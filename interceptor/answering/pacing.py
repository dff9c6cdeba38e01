"""A whole body, sent in pieces: `dribble` and `bandwidth`."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.handlers.response_part import MOST_PIECES, ResponseEntry
from interceptor.values.decisions import Chunk

_PER_SECOND = 20
"""Pieces in which a bandwidth shows."""


def paced(body: bytes, entry: ResponseEntry) -> tuple[Chunk, ...]:
    """The pieces of a body; none for one that is sent at once."""
    if not body:
        return ()
    if entry.dribble is not None:
        return _dribbled(body, entry.dribble.chunks, entry.dribble.over)
    if entry.bandwidth is not None:
        return _slowed(body, entry.bandwidth)
    return ()


def _dribbled(body: bytes, chunks: int, over: float) -> tuple[Chunk, ...]:
    """The first at once, the last when the time is over."""
    count = min(chunks, len(body))
    if count < 2:
        return (Chunk(body, over),)
    pause = over / (count - 1)
    return tuple(Chunk(piece, pause if at else 0.0) for at, piece in enumerate(_parts(body, count)))


def _slowed(body: bytes, rate: int) -> tuple[Chunk, ...]:
    """Each piece when that many bytes have had the time to arrive."""
    count = min(max(len(body) * _PER_SECOND // rate, 1), len(body), MOST_PIECES)
    return tuple(Chunk(piece, len(piece) * 1000 / rate) for piece in _parts(body, count))


def _parts(body: bytes, count: int) -> Iterator[bytes]:
    """Equal parts, but for a byte."""
    for at in range(count):
        yield body[len(body) * at // count : len(body) * (at + 1) // count]
