"""GraphQL batches: lists of operations in one request, answered one by one and combined again."""

from __future__ import annotations

import json
from dataclasses import replace

from interceptor.engine.misses import failed_response
from interceptor.values.browsers import cors_headers
from interceptor.values.decisions import Failed, Mocked
from interceptor.values.exchange import Metadata
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Request, Response


def split_batch(request: Request) -> list[Request] | None:
    """One request per operation of a batch; None if it is not a batch."""
    if request.method != "POST":
        return None
    try:
        envelopes = request.json
    except NotJsonError:
        return None
    if not envelopes or not all(
        isinstance(each, dict) and ("query" in each or "extensions" in each) for each in envelopes
    ):
        return None
    return [replace(request, body=json.dumps(envelope, ensure_ascii=False).encode()) for envelope in envelopes]


def combined(request: Request, answers: list[Mocked]) -> Mocked:
    """The responses to a batch, combined in the order of its operations."""
    body = json.dumps([_value(answer) for answer in answers], ensure_ascii=False, separators=(",", ":")).encode()
    response = Response(max(answer.response.status for answer in answers), (("content-type", JSON_MEDIA_TYPE),), body)
    every = [answer.metadata for answer in answers]
    first, *further = every
    names = [each.name for each in every if each.name]
    metadata = replace(
        first,
        further_handlers=tuple(each.handler for each in further if each.handler),
        name=" and ".join(names) or None,
        states=tuple({state.name: state for each in every for state in each.states}.values()),
        rules=_rules(answers),
        generated=tuple(_within(place, index) for index, each in enumerate(every) for place in each.generated),
        spans={_within(place, index): spans for index, each in enumerate(every) for place, spans in each.spans.items()},
        constants={
            _within(place, index): value for index, each in enumerate(every) for place, value in each.constants.items()
        },
        record=all(each.record for each in every),
    )
    delay = max(answer.delay for answer in answers)
    return Mocked(response, metadata, delay, cors_headers(request, response.headers))


def batch_refused(request: Request, metadata: Metadata) -> Failed:
    explanation = "an operation of a GraphQL batch cannot be answered by python or passthrough"
    return Failed(failed_response(request, None, explanation), metadata, explanation)


def _value(answer: Mocked) -> Json:
    try:
        return parse_json(answer.response.body)
    except NotJsonError:
        return answer.response.body.decode("utf-8", "replace")


def _rules(answers: list[Mocked]) -> dict[str, dict[str, Json]]:
    """The rules of each response's body, moved to its index in the list."""
    rules: dict[str, dict[str, Json]] = {}
    for index, answer in enumerate(answers):
        for side, places in answer.metadata.rules.items():
            moved = {f"$[{index}]{place[1:]}": rule for place, rule in places.items() if place.startswith("$")}
            if moved:
                rules.setdefault(side, {}).update(moved)
    return rules


def _within(place: str, index: int) -> str:
    return place.replace("response.$", f"response.$[{index}]", 1)
