"""What headers of requests say: `$basic`, the credentials of Basic (RFC 7617), and `$accepts`, a choice by quality."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from interceptor.matching.mismatches import MatcherError, SpecPath, Test
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.media_types import MediaType, media_type

_BASIC_KEYS = ("user", "password")


def basic_test(operand: Any, path: SpecPath, matcher: Callable[[Any, SpecPath], Test]) -> Test:
    """The test of an authorization header: `{user, password}`, each a text or a matcher of it.

    Raises:
        MatcherError: for other keys.
    """
    if not isinstance(operand, dict) or not operand:
        raise MatcherError("$basic takes {user, password}", path)
    if odd := next((key for key in operand if key not in _BASIC_KEYS), None):
        raise MatcherError(f'unknown key "{odd}"{did_you_mean(str(odd), list(_BASIC_KEYS))}', (*path, odd))
    tests = {key: matcher(spec, (*path, key)) for key, spec in operand.items()}

    def test(value: Any) -> bool:
        credentials = _credentials(value) if isinstance(value, str) else None
        return credentials is not None and all(one(credentials[key]) for key, one in tests.items())

    return test


def _credentials(value: str) -> dict[str, str] | None:
    scheme, _, encoded = value.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return {"user": user, "password": password} if colon else None


def accepts_test(operand: Any, path: SpecPath) -> Callable[[Sequence[str]], bool]:
    """The test of all lines of an accept header, or one for languages or codings; without any, all is accepted.

    Raises:
        MatcherError: where the operand is no text.
    """
    if not isinstance(operand, str) or not operand.strip():
        raise MatcherError("$accepts takes a media type, a language or a coding, for example application/json", path)
    wanted = media_type(operand)

    def test(lines: Sequence[str]) -> bool:
        return _quality(wanted, lines) > 0

    return test


def prefers(lines: Sequence[str], named: str, other: str) -> bool:
    """True if an accept header names a media type, and wants it no less than another one."""
    is_named = any(media_type(each.strip()).essence == named for line in lines for each in _split(line))
    quality = _quality(media_type(named), lines)
    return is_named and quality > 0 and quality >= _quality(media_type(other), lines)


def _quality(wanted: MediaType, lines: Sequence[str]) -> float:
    ranges = [each for line in lines for each in _split(line) if each.strip()]
    if not ranges:
        return 1.0
    fitting = [
        (rank, quality)
        for rank, quality in (_ranked(each, wanted.essence, wanted.parameters) for each in ranges)
        if rank
    ]
    return max(fitting)[1] if fitting else 0.0


def _split(line: str) -> list[str]:
    """The elements of a list, commas within quotes left alone."""
    elements, quoted = [""], False
    for char in line:
        quoted ^= char == '"'
        if char == "," and not quoted:
            elements.append("")
        else:
            elements[-1] += char
    return elements


def _ranked(text: str, wanted: str, parameters: Any) -> tuple[int, float]:
    """How exactly a range names what is wanted (0: not at all), and its quality (RFC 9110, sections 12.4 and 12.5)."""
    offered = media_type(text.strip())
    try:
        quality = float(offered.parameters.get("q", "1"))
    except ValueError:
        quality = 1.0
    own = {name: value for name, value in offered.parameters.items() if name != "q"}
    essence = offered.essence
    if any(parameters.get(name) != value for name, value in own.items()):
        return 0, quality
    if essence == wanted:
        return 4 + len(own), quality
    if essence.endswith("/*") and essence != "*/*" and wanted.startswith(essence[:-1]):
        return 3, quality
    if "/" not in essence and wanted.startswith(f"{essence}-"):  # the range `de` of languages holds de-CH
        return 3, quality
    if "/" not in essence and essence.startswith(f"{wanted}-"):  # for who asks for de-CH (RFC 4647, section 3.4)
        return 2, quality
    return (1, quality) if essence in {"*/*", "*"} else (0, quality)
