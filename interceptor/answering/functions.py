"""The functions and filters that templates offer beside Jinja2's own."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from interceptor.answering.collections import collection, merge, with_item, without
from interceptor.answering.sources import current
from interceptor.answering.times import date, now
from interceptor.values.patterns import Pattern
from interceptor.values.remember import remembered

_JWT_SECRET = b"interceptor"
"""Tokens of a mock are for reading, not for trusting: the key is public."""


def uuid() -> str:
    return current().uuid()


def random_int(low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    if low > high:
        raise ValueError(f"random_int: {low} is greater than {high}")
    return current().integer(low, high)


@pass_context  # or Jinja2 would choose once, as it compiles
def choose(_context: Context, values: Sequence[Any]) -> Any:
    """An element by chance, which Jinja2's own `random` would choose without our sources."""
    if not values:
        raise ValueError("random: there is nothing to choose from")
    return current().choice(values)


def jwt(claims: Mapping[str, Any]) -> str:
    """A JSON Web Token (HS256) of these claims; the same claims give the same token."""
    head = _base64url(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    body = _base64url(json.dumps(claims, separators=(",", ":")).encode())
    signature = hmac.new(_JWT_SECRET, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64encode(value: str | bytes) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()


def b64decode(value: str) -> str:
    """The text in base64, either alphabet, with or without padding."""
    try:
        padded = str(value).translate(str.maketrans("-_", "+/")).rstrip("=")
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"b64decode: not base64 of text: {error}") from error


def regex_search(value: str, pattern: str) -> str | None:
    """The first match, or its first group where there is one; none without a match."""
    match = _pattern(pattern).search(str(value))
    if match is None:
        return None
    found: str | None = match[1] if match.re.groups else match[0]
    return found


def regex_replace(value: str, pattern: str, replacement: str) -> str:
    """Every match replaced; `\\\\1` stands for the first group."""
    return _pattern(pattern).sub(replacement, str(value))


@remembered(200)  # the patterns of a project's templates
def _pattern(source: str) -> Pattern:
    return Pattern(source)


GLOBALS: dict[str, Callable[..., Any]] = {
    "now": now,
    "date": date,
    "uuid": uuid,
    "random_int": random_int,
    "jwt": jwt,
    "collection": collection,
}
FILTERS: dict[str, Callable[..., Any]] = {
    "b64encode": b64encode,
    "b64decode": b64decode,
    "regex_search": regex_search,
    "regex_replace": regex_replace,
    "jwt": jwt,
    "merge": merge,
    "with_item": with_item,
    "without": without,
    "random": choose,
}
