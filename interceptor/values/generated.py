"""Which places of an answer were made up while answering, and which a handler says literally."""

from __future__ import annotations

import base64
from typing import Final

from interceptor.values.exchange import Exchange, GeneratedSpan, Outcome
from interceptor.values.json_text import Json
from interceptor.values.place import below

EVERYTHING = ("response.$", "response.body")
"""The places that cover every body: nobody knows which of its values were made up."""

LOW_CLOCK: Final = "2020-01-01T00:00:00.000+00:00"
HIGH_CLOCK: Final = "2031-07-08T09:10:11.123+00:00"
"""The present as the stand-ins of templates' sources have it; no part of the one is like that of the other."""


class Generated:
    """The places of a response whose value a template or a resolver made up.

    A place covers everything below it, `response.body` the whole body. Of a real answer every place counts as made.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._all = exchange.outcome is not Outcome.MOCKED
        self._places = exchange.metadata.generated
        self._spans = exchange.metadata.spans
        self._body = "response.body" in exchange.metadata.generated

    def __bool__(self) -> bool:
        return self._all or bool(self._places)

    def covers(self, place: str) -> bool:
        """`response.$.owner` covers `response.$.owner.id`, but not `response.$.owners`."""
        if self._all or (self._body and not place.startswith("response.headers.")):
            return True
        return any(
            place == generated or (place.startswith(generated) and place[len(generated)] in ".[")
            for generated in self._places
        )

    def spans(self, place: str, occurrence: int) -> tuple[GeneratedSpan, ...]:
        """What a source made of the text at a place, where several values stand at it of one of them."""
        if not self._spans:
            return ()
        return self._spans.get(f"{place}[{occurrence}]") or (self._spans.get(place, ()) if occurrence == 0 else ())


class GeneratedMarks:
    """What is noted of a response while it is made: the facts of these names in the metadata of an exchange."""

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


def in_base64(body: bytes) -> Json:
    """A body as a constant, whatever it holds."""
    return {"base64": base64.b64encode(body).decode()}


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
