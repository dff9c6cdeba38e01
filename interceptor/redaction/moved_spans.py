"""What is known of generated values, once masks stand in the texts around them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from interceptor.values.exchange import Exchange, GeneratedSpan, Metadata
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.mask import MASK
from interceptor.values.media_types import decoded_text, media_type
from interceptor.values.messages import Response
from interceptor.values.place import ROOT, below, find, find_place


def after_masking(exchange: Exchange, masked: Response, without: Callable[[Any], Any]) -> Metadata:
    """What is known of an exchange, with its spans where they are in the masked response; masked ones are gone.

    Args:
        exchange: before it was masked.
        masked: its response afterwards.
        without: takes the secrets out of a value.
    """
    known, response = exchange.metadata, exchange.response
    assert response is not None
    before, after = _texts(response, known.spans), _texts(masked, known.spans)
    spans = {
        place: tuple(_moved(each, before[place], after[place])) if place in before and place in after else each
        for place, each in known.spans.items()
    }
    constants = {place: without(value) for place, value in known.constants.items()}
    if masked.body != response.body:
        constants.pop("response.body", None)  # in base64 it may hold what is masked
    return replace(known, spans={place: each for place, each in spans.items() if each}, constants=constants)


def _texts(response: Response, spans: Mapping[str, Any]) -> dict[str, str]:
    """The texts at the places that have spans."""
    content_type = response.header("content-type")
    texts = {"response.body": decoded_text(response.body, content_type)}
    for name in {name for name, _ in response.headers}:
        values = [value for other, value in response.headers if other == name]
        place = f"response.headers.{name}"
        texts[place] = values[0]
        texts |= {f"{place}[{index}]": value for index, value in enumerate(values)}
    if media_type(content_type).is_json:
        texts.update(_members(response.body, spans))
    return texts


def _members(body: bytes, spans: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        value: Json = parse_json(body)
    except NotJsonError:
        return
    for text in spans:
        place = find_place(text)
        if place is not None and place.steps is not None:
            yield from ((text, member) for _, member in find(value, place.steps) if isinstance(member, str))


def _moved(spans: tuple[GeneratedSpan, ...], before: str, after: str) -> Iterator[GeneratedSpan]:
    if len(before) == len(after):  # masks in JSON are as long as what they hide
        yield from (span for span in spans if before[span[0] : span[1]] == after[span[0] : span[1]])
        return
    stretches, old, new = [], 0, 0
    for piece in after.split(MASK):
        start = before.find(piece, old)
        if start < 0:
            return
        stretches.append((start, start + len(piece), new - start))
        old, new = start + len(piece), new + len(piece) + len(MASK)
    for start, end, *rest in spans:
        for first, last, shift in stretches:
            if first <= start and end <= last:
                yield (start + shift, end + shift, *rest)


def with_stand_ins(response: Response, spans: Mapping[str, tuple[GeneratedSpan, ...]]) -> Response:
    """The response as it is when the sources of templates are the lower stand-in, as far as its spans tell.

    What is masked is decided by it: else chance would, which makes a token of one id and none of another.
    """
    content_type = response.header("content-type")
    headers: list[tuple[str, str]] = []
    for name, value in response.headers:
        at = sum(other == name for other, _ in headers)
        place = f"response.headers.{name}"
        headers.append((name, _stood_in(value, spans.get(f"{place}[{at}]") or spans.get(place, ()))))
    body = response.body
    if "response.body" in spans:
        body = _stood_in(decoded_text(body, content_type), spans["response.body"]).encode("utf-8", "replace")
    elif media_type(content_type).is_form:
        body = _form(body.decode("utf-8", "replace"), spans).encode()
    elif media_type(content_type).is_json:
        body = _json(body, spans)
    return Response(response.status, tuple(headers), body)


def _stood_in(text: str, spans: tuple[GeneratedSpan, ...]) -> str:
    for start, end, low, *_ in reversed(spans):
        text = f"{text[:start]}{low}{text[end:]}"
    return text


def _form(text: str, spans: Mapping[str, tuple[GeneratedSpan, ...]]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in parse_qsl(text, keep_blank_values=True):
        at = sum(other == name for other, _ in pairs)
        place = below("response.form", name)
        pairs.append((name, _stood_in(value, spans.get(f"{place}[{at}]") or spans.get(place, ()))))
    return urlencode(pairs)


def _json(body: bytes, spans: Mapping[str, tuple[GeneratedSpan, ...]]) -> bytes:
    try:
        value: Json = parse_json(body)
    except NotJsonError:
        return body

    def stand_in(value: Json, place: str) -> Json:
        if isinstance(value, dict):
            return {name: stand_in(member, below(place, name)) for name, member in value.items()}
        if isinstance(value, list):
            return [stand_in(element, below(place, index)) for index, element in enumerate(value)]
        own = spans.get(place, ())
        if not own:
            return value
        return _stood_in(value, own) if isinstance(value, str) else own[0][2]

    return json.dumps(stand_in(value, f"response.{ROOT}"), ensure_ascii=False).encode("utf-8", "replace")
