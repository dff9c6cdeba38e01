"""What sources made of a body in pieces: known by the values of its pieces, noted by where it is in the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from interceptor.values.generated import GeneratedMarks
from interceptor.values.json_text import Json
from interceptor.values.place import below

Write: TypeAlias = Callable[[Json], str | bytes]
"""Writes the value of a piece: as text, or as bytes that stand for themselves."""

_MARK, _NUMBER = "\ufdd0", "\ufdd1"
"""Unicode guarantees that these never stand for a character."""
_MARKED_NUMBER = re.compile(f'"?{_NUMBER}(.*?){_NUMBER}"?')
_BODY = "response.body"


@dataclass(frozen=True, slots=True)
class _Written:
    value: Json
    marks: GeneratedMarks
    write: Write

    def text(self, which: int, charset: str) -> str:
        """The text with marks around what sources made: as it is (0), or with the lower (1) or higher stand-in (2).

        Raises:
            ValueError: it is none.
        """
        marked = self.write(_marked(self.value, _BODY, self.marks, which))
        return _MARKED_NUMBER.sub(rf"{_MARK}\1{_MARK}", marked) if isinstance(marked, str) else marked.decode(charset)


class StreamMarks:
    """Takes the pieces of a body, and notes what sources made of it."""

    def __init__(self) -> None:
        self._written: list[_Written] = []
        self._is_known = True

    def add(self, value: Json, marks: GeneratedMarks, write: Write) -> None:
        """Take one piece; in its marks, places are below `response.body`."""
        self._written.append(_Written(value, marks, write))

    def lose(self) -> None:
        """Forget it all: sources decide how many pieces there are."""
        self._is_known = False

    def note(self, generated: GeneratedMarks, charset: str) -> bool:
        """Note what was found; false where it was made, and nobody can say where in the body it is."""
        every = [each.marks for each in self._written]
        if any(marks.places for marks in every):
            generated.places.append(_BODY)
            generated.literal += [text for marks in every for text in marks.literal]
        if self._is_known and not any(marks.spans or marks.constants for marks in every):
            return True
        if not self._is_known:
            return False
        chance = any(span[-1] for marks in every for spans in marks.spans.values() for span in spans)
        try:
            parts = ["".join(each.text(which, charset) for each in self._written).split(_MARK) for which in range(3)]
        except (LookupError, ValueError):
            return False
        generated.compare_parts(_BODY, *parts, chance=chance)
        return True


def _marked(value: Json, place: str, marks: GeneratedMarks, which: int) -> Json:
    """A value with marks around what sources made: as it is (0), or with the lower (1) or higher stand-in (2)."""
    if place in marks.constants:
        return value if which == 0 else marks.constants[place]
    if isinstance(value, dict):
        return {name: _marked(member, below(place, name), marks, which) for name, member in value.items()}
    if isinstance(value, list):
        return [_marked(element, below(place, index), marks, which) for index, element in enumerate(value)]
    spans = marks.spans.get(place, ())
    if not isinstance(value, str):
        return f"{_NUMBER}{(value, *spans[0][2:4])[which]}{_NUMBER}" if spans else value
    text, position = "", 0
    for start, end, low, high, _ in spans:
        text += f"{value[position:start]}{_MARK}{(value[start:end], low, high)[which]}{_MARK}"
        position = end
    return text + value[position:]
