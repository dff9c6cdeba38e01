"""Recognises random values, such as tokens and keys, which no person wrote."""

from __future__ import annotations

import math
import re
from collections import Counter

from interceptor.values.uuids import UUID_REGEX

_PIECE = re.compile(r"[A-Za-z0-9+/_-]{24,512}={0,2}")
"""In one piece, in the alphabets of base64; anything longer is content."""
_ALPHABET = re.compile(r"[A-Za-z0-9+/=_.~-]+")
_UUID = re.compile(rf"{UUID_REGEX}|[0-9a-fA-F]{{32}}")
"""With and without hyphens."""
_HEX = re.compile(r"[0-9a-fA-F]+")
_PARTS = re.compile(r"[-_.~/+=]+")
_WORDLIKE = re.compile(r"[A-Z]?[a-z]+\d{0,4}|[A-Z]+\d{0,4}|\d+")
_LEAST_BITS = 4.0
"""Bits per character; English words of this length have about 3.5, random base64 has at least 4.5."""
_SHORTEST_DOUBTFUL = 12


def looks_random(text: str) -> bool:
    """True for a token or a key in one piece: lower case, upper case and digits in no order.

    UUIDs, hexadecimal digests and hyphenated words do not count: they are identifiers.
    """
    if _PIECE.fullmatch(text) is None or _UUID.fullmatch(text) or _HEX.fullmatch(text):
        return False
    mixed = any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    return mixed and not _is_written(text) and _bits(text) >= _LEAST_BITS


def looks_chosen(text: str) -> bool:
    """True for what can be a key or a code under such a name: letters and digits mixed, not a word.

    `"q7W91aoMsCeL"` and a digest do; `"not_found"`, `"ERR-404"` and `"en-GB"` do not.
    """
    if len(text) < _SHORTEST_DOUBTFUL or _ALPHABET.fullmatch(text) is None or _UUID.fullmatch(text):
        return False
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text)) and not _is_written(text)


def _is_written(text: str) -> bool:
    """True for words, numbers, and words followed by a number, joined by punctuation or camel case."""
    parts = [part for part in _PARTS.split(text) if part]
    return all(_WORDLIKE.fullmatch(part) or _is_camel(part) for part in parts)


def _is_camel(part: str) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", part)
    return "".join(words) == part and sum(len(word) for word in words if len(word) >= 4) * 4 >= 3 * len(part)


def _bits(text: str) -> float:
    """Shannon's entropy of a text, in bits per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
