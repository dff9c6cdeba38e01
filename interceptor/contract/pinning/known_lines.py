"""Recognises lines of a journal that differ from an earlier one only in volatile values.

A suite that generates an id in every test writes as many different lines as it has requests. Without those values,
most of them are the same line. It is taken apart once, and where its values went tells where the next ones go.
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
    """The known lines of one journal."""

    def __init__(self) -> None:
        self._slots: dict[bytes, tuple[int, ...] | None] = {}
        """By outline, the numbers of the values in slot order; None if that differs."""
        self._repeats: dict[tuple[bytes, tuple[str, ...]], Callable[[Slots, str], None]] = {}
        self._open: _Outline | None = None

    def take(self, line: bytes, at: str) -> bool:
        """Take a line that is like one taken apart before; otherwise return False, and `learn` may be told about it."""
        self._open = outline = _outline(line.decode("latin-1"), at)
        if outline is None or (slots := self._slots.get(outline.key)) is None:
            return False
        repeat = self._repeats.get((outline.key, outline.rest(slots)))
        if repeat is None:
            return False
        repeat(tuple([outline.values[number] for number in slots]), at)
        return True

    def learn(self, exchange: Exchange, taken: Taken) -> None:
        """Remember what the last line given to `take` was turned into."""
        outline, self._open = self._open, None
        if outline is None or len(self._repeats) >= _MOST_KNOWN or not _is_plain(exchange, taken, outline):
            return
        slots = tuple(map(outline.values.index, taken.extracted.slots))
        if self._slots.setdefault(outline.key, slots) == slots:
            self._repeats[outline.key, outline.rest(slots)] = taken.repeat
        else:
            self._slots[outline.key] = None


def _is_plain(exchange: Exchange, taken: Taken, outline: _Outline) -> bool:
    """True if the values affect nothing but the contents of the slots.

    States are sorted by content, and a value that is also the name of a member, or a literal of a handler,
    makes a different interaction.
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
