"""Which places of an answer were made up while answering, and which a handler says literally."""

from __future__ import annotations

from interceptor.values.exchange import Exchange, Outcome

EVERYTHING = ("response.$", "response.body")
"""The places that cover every body: nobody knows which of its values were made up."""


class Generated:
    """The places of a response whose value a template or a resolver made up.

    A place covers everything below it, `response.body` the whole body. Of a real answer every place counts as made.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._all = exchange.outcome is not Outcome.MOCKED
        self._places = exchange.metadata.generated
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
