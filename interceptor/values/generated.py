"""Which places of an answer were made up while answering, and which a handler says literally."""

from __future__ import annotations

from typing import Final

from interceptor.values.exchange import Exchange, GeneratedSpan, Outcome

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
