"""Whether a pact has the form that PactFlow's comparison reads; it refuses all of a pact for one odd interaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interceptor.pact.read import Pact
from interceptor.values.findings import Finding


def malformed(pact: Pact) -> Iterator[Finding]:
    """An error for everything that has another type than the Pact specification gives it."""
    for interaction in pact.interactions:
        written = pact.written[interaction.index]
        for place in _odd_places(written.get("request", {}), written.get("response", {})):
            message = f"{place} has no type that a pact can have there; the broker's comparison refuses the whole pact"
            yield Finding("pact.malformed", message, interaction=interaction.index, place=place)


def _odd_places(request: dict[str, Any], response: dict[str, Any]) -> Iterator[str]:
    for key in ("method", "path"):
        if not isinstance(request.get(key), str):
            yield f"request.{key}"
    if isinstance(response.get("status"), bool) or not isinstance(response.get("status"), int | float):
        yield "response.status"
    if not isinstance(request.get("query"), str) and not _is_uniform(request.get("query")):
        yield "request.query"
    for side, message in (("request", request), ("response", response)):
        if not _is_uniform(message.get("headers")):
            yield f"{side}.headers"


def _is_uniform(values: Any) -> bool:
    """Whether a mapping holds texts only or lists of texts only."""
    if values is None:
        return True
    if not isinstance(values, dict):
        return False
    return all(isinstance(each, str) for each in values.values()) or all(
        isinstance(each, list) and all(isinstance(value, str) for value in each) for each in values.values()
    )
