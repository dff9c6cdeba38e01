"""Server-sent events as text, https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from interceptor.answering.marks import GeneratedMarks
from interceptor.values.json_text import Json
from interceptor.values.place import below

_LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line of a stream; U+2028, a form feed and the like belong to the line."""
_BREAKS_FIELD = re.compile(r"[\r\n\0]")
"""What would begin another field, or make a client ignore this one."""


def event_text(fields: Mapping[str, Any]) -> str:
    """One event: `event_text({"event": "tick", "data": {"n": 1}})` -> 'event: tick\\ndata: {"n":1}\\n\\n'.

    Raises:
        ValueError: where a field cannot be written.
    """
    for name in ("event", "id"):
        if _BREAKS_FIELD.search(str(fields.get(name, ""))):
            raise ValueError(f'"{name}" cannot hold a line break or a NUL')
    lines = [f"{name}: {fields[name]}" for name in ("event", "id", "retry") if name in fields]
    if "data" in fields:
        data = fields["data"]
        text = data if isinstance(data, str) else _json_text(data)
        lines += [f"data: {line}" for line in _LINE_END.split(text)]
    return "".join(f"{line}\n" for line in [*lines, ""])


def _json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the data of an event cannot be written as JSON: {error}") from error


_MARK, _NUMBER = "\ufdd0", "\ufdd1"
"""Unicode guarantees that these never stand for a character."""
_MARKED_NUMBER = re.compile(f'"?{_NUMBER}(.*?){_NUMBER}"?')
_FIELDS = "response.body"


class EventMarks:
    """What sources made of a stream's text: known by the fields of events, noted by where it is in the text."""

    def __init__(self, generated: GeneratedMarks) -> None:
        self._generated = generated
        self._chance = False
        self._parts: tuple[list[str], ...] = ([""], [""], [""])

    def add(self, fields: Mapping[str, Any], marks: GeneratedMarks) -> None:
        """Take one event; its fields are places below `response.body` in its marks."""
        if marks.places:
            self._generated.places.append(_FIELDS)
            self._generated.literal += marks.literal
            self._chance = self._chance or any(span[-1] for spans in marks.spans.values() for span in spans)
        for which, parts in enumerate(self._parts):
            text = event_text(_marked(fields, _FIELDS, marks, which))
            first, *further = _MARKED_NUMBER.sub(rf"{_MARK}\1{_MARK}", text).split(_MARK)
            parts[-1] += first
            parts.extend(further)

    def finish(self) -> None:
        """Note what was found."""
        self._generated.compare_parts(_FIELDS, *self._parts, chance=self._chance)


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
