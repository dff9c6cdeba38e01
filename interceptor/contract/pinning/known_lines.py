"""Lines of a journal that differ in volatile values only: taken apart once, then read off.

A suite that makes an id in every test writes as many different lines as it has requests. Seen without those values
most of them are one and the same line; where its values went when it was taken apart tells where the next ones go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from interceptor.contract.interactions import Taken
from interceptor.contract.pinning.detect import detect
from interceptor.contract.pinning.group import Slots
from interceptor.values.exchange import Exchange

_MOST_KNOWN = 20_000
"""Lines; more kinds of exchanges than this are taken apart one by one."""


class _Outline(NamedTuple):
    """A line with numbers in the place of its volatile values."""

    key: bytes
    values: tuple[str, ...]

    def rest(self, slots: tuple[int, ...]) -> tuple[str, ...]:
        """The values that are no slot's."""
        return tuple([value for number, value in enumerate(self.values) if number not in slots])


class KnownLines:
    """What is known about the lines of one journal."""

    def __init__(self) -> None:
        self._slots: dict[bytes, tuple[int, ...] | None] = {}
        """By outline, the numbers of the values in the order of the slots; None where that differs."""
        self._repeats: dict[tuple[bytes, tuple[str, ...]], Callable[[Slots, str], None]] = {}
        self._open: _Outline | None = None

    def take(self, line: bytes, at: str) -> bool:
        """Note what a line says, if a line like it was taken apart before; else `learn` may be told what it was."""
        self._open = outline = _outline(line.decode("latin-1"), at)
        if outline is None or (slots := self._slots.get(outline.key)) is None:
            return False
        repeat = self._repeats.get((outline.key, outline.rest(slots)))
        if repeat is None:
            return False
        repeat(tuple([outline.values[number] for number in slots]), at)
        return True

    def learn(self, exchange: Exchange, taken: Taken) -> None:
        """What came of the line that `take` has seen last."""
        outline, self._open = self._open, None
        if outline is None or len(self._repeats) >= _MOST_KNOWN or not _is_plain(exchange, taken, outline):
            return
        slots = tuple(map(outline.values.index, taken.extracted.slots))
        if self._slots.setdefault(outline.key, slots) == slots:
            self._repeats[outline.key, outline.rest(slots)] = taken.repeat
        else:
            self._slots[outline.key] = None


def _is_plain(exchange: Exchange, taken: Taken, outline: _Outline) -> bool:
    """Whether the values decide nothing but what stands in the slots.

    States are sorted by what they say, and a value that is also the name of a member, or that a handler says
    literally, makes another interaction.
    """
    extracted = taken.extracted
    slots = set(extracted.slots)
    if not slots or len(exchange.metadata.states) > 1 or not slots <= set(outline.values):
        return False
    if extracted.literal.intersection(map(str.lower, slots)):
        return False
    rest = extracted.skeleton.canonical().decode("utf-8", "replace").lower()
    return not any(value.lower() in rest for value in slots)


def _outline(text: str, at: str) -> _Outline | None:
    """None for a line without volatile values, which is like no other; its text has a character for each byte."""
    values: dict[str, int] = {}
    pieces: list[str] = []
    position = 0
    for start, end, form in detect(text, at):
        value = text[start:end]
        pieces += (text[position:start], f"\0{form}\0{values.setdefault(value, len(values))}\0")
        position = end
    if not values:
        return None
    pieces.append(text[position:])
    key = hashlib.blake2b("".join(pieces).encode("latin-1"), digest_size=16).digest()
    return _Outline(key, tuple(values))
