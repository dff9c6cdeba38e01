"""JSON as RFC 8259 has it: no NaN, no other encodings."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import msgspec

from interceptor.values.nesting import TOO_DEEP, is_deeper

Json: TypeAlias = Any


class NotJsonError(ValueError):
    """The body is not JSON; the text says where it stops being so."""


def _refuse(constant: str) -> None:
    raise NotJsonError(f"{constant} is not JSON")


_decoded = msgspec.json.decode
"""Several times as fast, and gives the same values; its complaints are not ours."""
_JSON = json.JSONDecoder(parse_constant=_refuse)


def has_lone_surrogate(value: Json) -> bool:
    """Whether a text holds half a character (`\\ud800`): JSON can spell it, no encoding and no other format can."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def parse_json(body: bytes) -> Json:
    """The value of a JSON text.

    Raises:
        NotJsonError: for anything that RFC 8259 does not call JSON, NaN and a wrong encoding included, and for what
            is nested too deep.
    """
    if is_deeper(body):
        raise NotJsonError(TOO_DEEP)
    try:
        return _decoded(body)
    except ValueError:
        pass  # it may be JSON all the same: msgspec refuses 1e999, half characters and a byte order mark
    try:
        return _JSON.decode(body.decode("utf-8-sig"))
    except ValueError as error:
        raise NotJsonError(str(error)) from error
