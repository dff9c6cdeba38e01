"""What is noted of an answer while it is rendered: which values were generated, and what a contract says instead."""

from __future__ import annotations

from interceptor.values.exchange import GeneratedSpan
from interceptor.values.json_text import Json
from interceptor.values.place import below


class GeneratedMarks:
    """The facts of these names in the metadata of an exchange."""

    __slots__ = ("constants", "literal", "places", "spans")

    def __init__(self) -> None:
        self.places: list[str] = []
        self.spans: dict[str, tuple[GeneratedSpan, ...]] = {}
        self.constants: dict[str, Json] = {}
        self.literal: list[str] = []

    def compare(self, place: str, real: Json, low: Json, high: Json, *, chance: bool) -> None:
        """Note what sources, chance among them or not, made of a value that is `low` and `high` with the stand-ins."""
        match real, low, high:
            case dict(), dict(), dict() if real.keys() == low.keys() == high.keys():
                for name, member in real.items():
                    self.compare(below(place, name), member, low[name], high[name], chance=chance)
            case list(), list(), list() if len(real) == len(low) == len(high):
                for index, element in enumerate(real):
                    self.compare(below(place, index), element, low[index], high[index], chance=chance)
            case (str(), str(), str()) if low != high:
                self.spans[place] = ((0, len(real), low, high, chance),)
            case _ if low != high and all(map(_is_number, (real, low, high))):
                self.spans[place] = ((0, len(str(real)), low, high, chance),)
            case _ if low != high or real != low:
                self.constants[place] = low

    def compare_parts(self, place: str, real: list[str], low: list[str], high: list[str], *, chance: bool) -> None:
        """Note what sources made of a text, as templates give its parts."""
        if real[::2] != low[::2] or low[::2] != high[::2]:
            self.constants[place] = "".join(low)
            return
        spans, position = [], 0
        for index, part in enumerate(real):
            if index % 2 and (low[index] != high[index] or part != low[index]):
                spans.append((position, position + len(part), low[index], high[index], chance))
            position += len(part)
        if spans:
            self.spans[place] = tuple(spans)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
