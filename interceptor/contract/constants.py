"""What a contract says in the place of generated values that have no form of their own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from interceptor.values.exchange import Exchange, GeneratedSpan, Metadata
from interceptor.values.generated import GeneratedMarks
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import decoded_text, media_type
from interceptor.values.messages import Response
from interceptor.values.place import ROOT, Place, Steps, find, find_place

_BODY, _STATUS = "response.body", "response.status"
_BESIDE_BODY = ("response.headers.", _STATUS)
_LOW, _HIGH = 2, 3
"""Where a span has what it is with the stand-ins."""
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def with_constants(exchange: Exchange) -> Exchange:
    """The exchange with its constants; the same object where it has none."""
    response, known = exchange.response, exchange.metadata
    if response is None or not (known.constants or known.spans):
        return exchange
    known = _by_content_type(response, known)
    body = _body(response, known.constants, known.spans.get(_BODY, ()))
    status = known.constants.get(_STATUS, response.status)
    if spans := known.spans.get(_STATUS):
        status = spans[0][2]
    headers = tuple(_headers(response, known.constants))
    return replace(exchange, response=Response(int(status), headers, body), metadata=known)


def _by_content_type(response: Response, known: Metadata) -> Metadata:
    """What is known, by the parts that a body of this content type has, whatever the handler wrote it as."""
    content_type = response.header("content-type")
    kind, spans = media_type(content_type), known.spans.get(_BODY, ())
    marks = GeneratedMarks()
    if spans and (kind.is_json or kind.is_form):
        text, chance = decoded_text(response.body, content_type), any(span[-1] for span in spans)
        texts = [text, *(_filled(text, spans, which) for which in (_LOW, _HIGH))]
        try:
            place, read = (f"response.{ROOT}", _json_of) if kind.is_json else ("response.form", _fields_of)
            marks.compare(place, *map(read, texts), chance=chance)
        except NotJsonError:
            marks.constants = {_BODY: texts[1]}
    elif not kind.is_json and any(place.startswith(f"response.{ROOT}") for place in known.spans):
        with suppress(NotJsonError):
            marks.constants = {_BODY: _as_json(_lowered(parse_json(response.body), known.spans))}
    spans_of, constants = {**known.spans, **marks.spans}, {**known.constants, **marks.constants}
    if _BODY in constants:  # where it stands, no span means anything
        spans_of = {place: each for place, each in spans_of.items() if place.startswith(_BESIDE_BODY)}
    return replace(known, spans=spans_of, constants=constants)


def _filled(text: str, spans: tuple[GeneratedSpan, ...], which: int) -> str:
    for span in reversed(spans):
        text = f"{text[: span[0]]}{span[which]}{text[span[1] :]}"
    return text


def _json_of(text: str) -> Json:
    return parse_json(text.encode())


def _fields_of(text: str) -> Json:
    """The fields of a form, with a list where several have one name."""
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def _lowered(value: Json, spans: Mapping[str, tuple[GeneratedSpan, ...]]) -> Json:
    """A value with the lower stand-in at the places of spans."""
    for text, (first, *more) in spans.items():
        place = find_place(text)
        if place is None or place.steps is None:
            continue
        found = next((each for _, each in find(value, place.steps)), None)
        value = _put(
            value, place.steps, _filled(found, (first, *more), _LOW) if isinstance(found, str) else first[_LOW]
        )
    return value


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
            return _encoded(str(text), media_type(response.header("content-type")).charset)
    places = {place: steps for each in constants if (place := find_place(each)) and (steps := place.steps) is not None}
    if places:
        try:
            value = parse_json(response.body)
        except NotJsonError:
            return response.body
        for place, steps in places.items():
            value = _put(value, steps, constants[str(place)])
        return json.dumps(value).encode()
    kind = media_type(response.header("content-type"))
    if not spans or (kind.is_text and kind.charset.lower() == "utf-8") or kind.is_json or kind.is_multipart:
        return response.body
    try:  # a pact has the bytes only, in which nothing is pinned
        return _filled(response.body.decode(kind.charset), spans, _LOW).encode(kind.charset)
    except (LookupError, ValueError):
        return response.body


def _encoded(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except (LookupError, ValueError):
        return text.encode("utf-8", "replace")


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
