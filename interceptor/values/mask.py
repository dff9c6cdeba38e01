"""What is written in the place of values that must not be told, or that differ in every run.

What is left of a secret keeps its form and says nothing of it.
"""

from __future__ import annotations

import re

from interceptor.values.json_text import Json
from interceptor.values.uuids import UUID_REGEX

MASK = "***"
"""In the place of a secret whose form cannot be kept."""
UNSIGNED_JWT = "eyJhbGciOiJub25lIn0."
"""How the constants of JWTs begin: `{"alg":"none"}`."""

_UUID = re.compile(UUID_REGEX)
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_~.-]{12,}")
"""Letters and digits mixed, in the alphabets of base64 and its like."""
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_MASKED_UUID = "00000000-0000-4000-8000-000000000000"
_MASKED = re.compile(r"[a0\W_]*")


def shape(text: str) -> str:
    """A text with its length and punctuation, but nothing of its content: `"s3cr3t-X"` -> `"a0aa0a-a"`.

    Where the kinds of characters are random themselves, as in a UUID or a token, the result is the same for every
    secret of that length, so that two runs give one pact.
    """
    if _UUID.fullmatch(text):
        return _MASKED_UUID
    if _JWT.fullmatch(text):
        return ".".join("a" * len(part) for part in text.split("."))
    if _RANDOM.fullmatch(text):
        return "a" * len(text)
    return "".join("0" if c.isdigit() else "a" if c.isalpha() else c for c in text)


def shape_json(value: Json) -> Json:
    """A JSON value of the same type with nothing of its content; true, false and null say too little to be masked."""
    match value:
        case str():
            return shape(value)
        case bool() | None:
            return value
        case int():
            digits = len(str(abs(value)))
            return (10 ** (digits - 1) if digits > 1 else 0) * (-1 if value < 0 else 1)
        case float():
            return 0.0
        case list():
            return [shape_json(element) for element in value]
        case dict():
            return {name: shape_json(member) for name, member in value.items()}
    return value


def is_masked(text: str) -> bool:
    """True where a text is what masking leaves: nothing but `a`, `0` and punctuation."""
    return _MASKED.fullmatch(text) is not None
