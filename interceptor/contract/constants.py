"""What a contract says in the place of generated values that have no form of their own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from interceptor.values.exchange import Exchange, GeneratedSpan
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import media_type
from interceptor.values.messages import Response
from interceptor.values.place import Place, Steps, find_place

_BODY, _STATUS = "response.body", "response.status"


def with_constants(exchange: Exchange) -> Exchange:
    """The exchange with its constants; the same object where it has none."""
    response, known = exchange.response, exchange.metadata
    if response is None or not (known.constants or known.spans):
        return exchange
    body = _body(response, known.constants, known.spans.get(_BODY, ()))
    status = known.constants.get(_STATUS, response.status)
    if spans := known.spans.get(_STATUS):
        status = spans[0][2]
    headers = tuple(_headers(response, known.constants))
    return replace(exchange, response=Response(int(status), headers, body))


def _headers(response: Response, constants: Mapping[str, Json]) -> Any:
    seen: dict[str, int] = {}
    for name, value in response.headers:
        index = seen[name] = seen.get(name, -1) + 1
        place = str(Place("header", name, side="response"))
        yield name, str(constants.get(f"{place}[{index}]", constants.get(place, value)))


def _body(response: Response, constants: Mapping[str, Json], spans: tuple[GeneratedSpan, ...]) -> bytes:
    match constants.get(_BODY):
        case {"base64": str(coded)}:
            return base64.b64decode(coded)
        case None:
            pass
        case text:
            return str(text).encode()
    places = {place: steps for each in constants if (place := find_place(each)) and (steps := place.steps) is not None}
    if places:
        try:
            value = parse_json(response.body)
        except NotJsonError:
            return response.body
        for place, steps in places.items():
            value = _put(value, steps, constants[str(place)])
        return json.dumps(value).encode()
    charset = media_type(response.header("content-type")).charset
    return response.body if not spans or charset.lower() == "utf-8" else _recoded(response.body, charset, spans)


def _recoded(body: bytes, charset: str, spans: tuple[GeneratedSpan, ...]) -> bytes:
    """A body with its constants in a charset of which a pact has the bytes only."""
    try:
        text = body.decode(charset)
        for start, end, low, *_ in reversed(spans):
            text = f"{text[:start]}{low}{text[end:]}"
        return text.encode(charset)
    except (LookupError, ValueError):
        return body


def _put(value: Json, steps: Steps, constant: Json) -> Json:
    """A value with a constant at a place; the value itself where it has no such place."""
    if not steps:
        return constant
    step, *rest = steps
    match value, step:
        case (dict(), str()) if step in value:
            value[step] = _put(value[step], tuple(rest), constant)
        case (list(), int()) if step < len(value):
            value[step] = _put(value[step], tuple(rest), constant)
    return value
