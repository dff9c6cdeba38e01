"""Real values in the place of masked ones, in the requests that a provider gets.

A mask is what the journal wrote: `***` within a header or a text, and in a query, a form or JSON the shape of the
secret, `a0aa0a-a` for `s3cr3t-X`, which is a value that masking leaves as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, unquote_plus

from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.mask import MASK, shape_json
from interceptor.values.media_types import media_type

_SHORTEST_SECRET = 6
"""Characters; a shorter one is found in what has nothing to do with it."""


@dataclass(frozen=True, slots=True)
class RealValues:
    """By name: of headers, of query parameters, and of fields, which are members of JSON objects or of forms."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    def in_header(self, name: str, value: str) -> str:
        """The value to send; names of headers know no capitals."""
        real = next((real for known, real in self.headers.items() if known.lower() == name.lower()), None)
        return value if real is None or MASK not in value else real

    def in_target(self, target: str) -> str:
        """`/products?api_key=a-000` with the real key."""
        path, mark, query = target.partition("?")
        return f"{path}{mark}{_in_pairs(query, self.query)}"

    def in_body(self, content_type: str | None, body: bytes) -> bytes:
        """The body to send: JSON and forms; other bodies are as they were, and so is one that holds no mask."""
        if not self.fields:
            return body
        kind = media_type(content_type)
        if kind.is_form:
            return _in_pairs(body.decode("utf-8", "surrogateescape"), self.fields).encode("utf-8", "surrogateescape")
        if not kind.is_json:
            return body
        try:
            document = parse_json(body)
        except NotJsonError:
            return body
        real = self._in_json(document, None)
        return body if real == document else json.dumps(real, ensure_ascii=False, separators=(",", ":")).encode()

    def hidden(self, text: str) -> str:
        """A text without these values, in which a provider may have echoed them."""
        values = [*self.headers.values(), *self.query.values(), *self.fields.values()]
        words = {part for value in values for part in (value, value.rpartition(" ")[2])}
        for secret in sorted(words, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, MASK).replace(json.dumps(secret)[1:-1], MASK)
        return text

    def _in_json(self, value: Json, name: str | None) -> Json:
        if isinstance(value, dict):
            return {each: self._in_json(member, each) for each, member in value.items()}
        if isinstance(value, list):
            return [self._in_json(element, name) for element in value]
        real = self.fields.get(name) if name is not None else None
        return value if real is None or not _is_masked(value) else _like(value, real)


def _in_pairs(text: str, real: Mapping[str, str]) -> str:
    pieces = text.split("&") if real else [text]
    for index, piece in enumerate(pieces):
        name, equals, value = piece.partition("=")
        known = real.get(unquote_plus(name))
        if known is not None and _is_masked(unquote_plus(value)):
            pieces[index] = f"{name}{equals}{quote_plus(known)}"
    return "&".join(pieces)


def _is_masked(value: Json) -> bool:
    if isinstance(value, bool) or value is None or value == "":
        return False
    return shape_json(value) == value or (isinstance(value, str) and MASK in value)


def _like(masked: Json, real: str) -> Json:
    """A number in the place of a number, where it is one."""
    if isinstance(masked, str):
        return real
    try:
        number = parse_json(real.encode())
    except NotJsonError:
        return real
    return number if isinstance(number, int | float) else real
