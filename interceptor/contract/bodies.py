"""Turns bytes and a content type into the body of a pact: JSON, text or binary."""

from __future__ import annotations

import json
import re
from sys import float_info

from interceptor.pact.document import PactBody
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import JSON_MEDIA_TYPE, media_type
from interceptor.values.nesting import DEEPEST, is_deeper
from interceptor.values.place import children
from interceptor.values.remember import remembered

_DEEPEST = DEEPEST - 20
"""Levels; less than the tools' limit, as the pact around a body adds some."""
_VAST = re.compile(rb"\d[eE]\+?\d{3}|\d{300}")
"""Numbers that may be too large."""
_JSON_CHARSET = re.compile(r"""\s*;\s*charset\s*=\s*"?utf-?8"?""", re.IGNORECASE)


class UnreadableBodyError(ValueError):
    """The body is not what its content type claims; the text gives the reason."""


def body_of(content: bytes, content_type: str | None) -> PactBody:
    """The body of a message that has content.

    Raises:
        UnreadableBodyError: the text is not the JSON it claims to be, or no Pact tool can read it.
    """
    header = normal_content_type(content_type) if content_type else _guessed(content)
    kind = media_type(header)
    if kind.is_json:
        value = _json(content)
        return PactBody("json", value if b"\\u" in content else content, header)
    if (kind.is_text or kind.is_multipart) and (text := _text(content)) is not None:
        return PactBody("text", text, header)
    return PactBody("binary", content, header)


@remembered(1000)
def normal_content_type(content_type: str) -> str:
    """The header without a charset, useless in JSON: `Application/JSON; charset=utf-8` -> `application/json`."""
    kind = media_type(content_type)
    if not kind.is_json:
        return content_type
    _, semicolon, parameters = _JSON_CHARSET.sub("", content_type).partition(";")
    return f"{kind}{semicolon}{parameters}"


def _guessed(content: bytes) -> str:
    """The content type for a body that has none."""
    try:
        if isinstance(parse_json(content), dict | list):
            return JSON_MEDIA_TYPE
    except NotJsonError:
        pass
    return "application/octet-stream" if _text(content) is None else "text/plain"


def _json(content: bytes) -> Json:
    if is_deeper(content, _DEEPEST):
        raise UnreadableBodyError(f"the JSON is nested over {_DEEPEST} levels deep, which the Pact tools cannot read")
    try:
        value = parse_json(content)
        # A lone surrogate, which JSON can express but text cannot, becomes the replacement character.
        if b"\\u" in content:
            value = json.loads(
                json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            )
    except NotJsonError as error:
        raise UnreadableBodyError(f"the body is not the JSON that its content type claims: {error}") from error
    if _VAST.search(content) and _is_vast(value):
        raise UnreadableBodyError("the JSON contains a number above 1.8e308, which the Pact tools cannot read")
    return value


def _is_vast(value: Json) -> bool:
    """True if a number is too large for the tools."""
    if isinstance(value, int | float):
        return abs(value) > float_info.max
    return any(_is_vast(each) for _, each in children(value))


def _text(content: bytes) -> str | None:
    """The text in UTF-8, the only charset that the Pact tools know; None if it is not."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
