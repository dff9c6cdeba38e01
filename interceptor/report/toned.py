"""Lines with colours, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from interceptor.report.lines import printable

Tone: TypeAlias = Literal["plain", "good", "doubt", "bad", "strong"]

_COLOURS: Mapping[Tone, str] = {"good": "32", "doubt": "33", "bad": "1;31", "strong": "1"}
"""https://www.ecma-international.org/publications-and-standards/standards/ecma-48/, 8.3.117"""


@dataclass(frozen=True, slots=True)
class TonedText:
    """A part of a line, and how it is meant."""

    text: str
    tone: Tone = "plain"


TonedLine: TypeAlias = Sequence[TonedText]


def painted(parts: TonedLine, *, colours: bool) -> str:
    """A line as text; nothing in it is obeyed by a terminal but our own colours."""
    shown = [(printable(each.text), _COLOURS.get(each.tone) if colours else None) for each in parts]
    return "".join(text if colour is None else f"\x1b[{colour}m{text}\x1b[0m" for text, colour in shown)


def plain(parts: TonedLine) -> str:
    """A line without its colours."""
    return "".join(each.text for each in parts)
