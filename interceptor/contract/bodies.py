"""Bytes and a content type -> a body as a pact tells it: JSON, text or binary."""

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
"""Levels; what a pact wraps around a body is nested too."""
_VAST = re.compile(rb"\d[eE]\+?\d{3}|\d{300}")
"""What numbers look like that may be too large."""
_JSON_CHARSET = re.compile(r"""\s*;\s*charset\s*=\s*"?utf-?8"?""", re.IGNORECASE)


class UnreadableBodyError(ValueError):
    """The body is not what its content type claims; the text says why."""


def body_of(content: bytes, content_type: str | None) -> PactBody:
    """The body of a message that has one.

    Raises:
        UnreadableBodyError: for text that is not the JSON it claims to be, or JSON that no Pact tool can read.
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
    """The header without the charset that JSON has anyway: `Application/JSON; charset=utf-8` -> `application/json`."""
    kind = media_type(content_type)
    if not kind.is_json:
        return content_type
    _, semicolon, parameters = _JSON_CHARSET.sub("", content_type).partition(";")
    return f"{kind}{semicolon}{parameters}"


def _guessed(content: bytes) -> str:
    """The content type of a body that came without one."""
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
        # What JSON can spell but no text can hold, a lone surrogate, becomes the replacement character.
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
    """Whether there is a number that is too large for the tools to read."""
    if isinstance(value, int | float):
        return abs(value) > float_info.max
    return any(_is_vast(each) for _, each in children(value))


def _text(content: bytes) -> str | None:
    """The text that bytes spell; the Pact tools know UTF-8 only, so in another charset they stay what they are."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
