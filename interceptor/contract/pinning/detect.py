"""Detects values that differ in every run, and makes the constant and the pattern of their form.

It uses patterns, not a library's date parser: those accept too much as a date (`"10"`, `"May"`), and do not tell the
form of the text, which the constant must keep.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Literal, TypeAlias

from interceptor.pact.rules import escape
from interceptor.values.mask import UNSIGNED_JWT
from interceptor.values.uuids import UUID_REGEX

_VOLATILE = {
    kind: re.compile(pattern, re.VERBOSE | re.DOTALL | re.ASCII)
    for kind, pattern in {
        "uuid": rf"(?<![0-9A-Za-z]) {UUID_REGEX} (?![0-9A-Za-z])",
        "http": r"""
            [MTWFS](?:on|ue|ed|hu|ri|at|un),\ \d{2}\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ \d{4}
            \ \d{2}:\d{2}:\d{2}\ GMT
        """,
        "date": r"""
            (?<![\d.:-]) \d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])
            (?: [T\ +] (?:[01]\d|2[0-3])(?::|%3A)[0-5]\d (?: (?::|%3A)[0-5]\d (?:[.,]\d{1,9})? )?
                (?: Z | (?:[+-]|%2B)\d{2}(?::|%3A)?\d{2} )? )?
            (?![\d-])
        """,
        "time": r"""
            (?<![\d.:-]) (?:[01]\d | 2[0-3]) :[0-5]\d:[0-5]\d (?:\.\d{1,9})?
            (?: Z | [+-]\d{2}:?\d{2} )? (?![\d:-])
        """,
        "jwt": r"(?<!\w) eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*",
        "hex": r"(?<![\w.+=-]) (?=.[0-9]*[a-fA-F])(?=.[a-fA-F]*[0-9]) [0-9a-fA-F]{16,128} (?![\w.+=-])",
        "token": r"""
            (?<![\w.+=-]) \w (?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9]) [\w-]{19,127} (?![\w.+=-])
        """,
    }.items()
}
_LONG_NUMBER = re.compile(r"(?<![\w.-])\d{10,13}(?:\.\d+)?(?![\w.-])")
_EPOCH = re.compile(r"[0-9]{10,14}(?:\.[0-9]+)?")
TOKENS = ("hex:", "token:")
"""Prefixes of forms whose values may be constants; they are volatile only if they change between exchanges."""
SHORTEST = len("00:00:00")
"""Characters; a shorter text contains no value."""

# A text is searched in copies of it, one byte per character, with one byte for all digits and one for all word
# characters. Most texts contain no value, and a search for bytes finds that out many times faster than patterns do;
# where it finds something, a pattern need only be tried there.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_WORDS = bytes(ord("w") if re.match(rb"[\w-]", bytes([byte])) else 0 for byte in range(256))
_LONG_WORD, _BETWEEN_WORDS = b"w" * 16, b"\0"
_LONG_DIGITS = b"0" * 10
_DAY, _TIME = b"0000-00-00", b"00:00:00"

_Found: TypeAlias = tuple[int, int, str]
"""Start, end and kind."""
_by_start = itemgetter(0)

VolatileSpan: TypeAlias = tuple[int, int, str]
"""Where a value starts and ends in its text, and its form."""
_TIME_FORM = re.compile(r"(?P<timestamp>.*?)(?P<fraction>[.,]0+)?(?P<zone>Z|(?<=:00)[+-].*|(?<=[.,]0)[+-].*)?")
_TIMESTAMP = re.compile(
    r"(?P<day>0000-00-00)?(?P<between>[T ])?(?P<time>00:00(?P<seconds>:00)?)?(?P<fraction>[.,](?:000){1,3})?"
    r"(?P<zone>Z|[+-]00:?00)?"
)
"""The forms that the Pact tools can generate: three, six or nine digits of a second, no others."""
_OFFSET = re.compile(r"[+-]00:?00\Z")
"""Many libraries write Z instead of +00:00."""
_FRACTION = re.compile(r"[.,]0+")
_WHOLE_FRACTIONS = {1: 3, 2: 3, 4: 6, 5: 6, 8: 9}
"""Digits; seven of them are all that some clocks have."""
_EPOCH_FRACTIONS = (0, 3, 3, 3, 6, 6, 6, 6, 9, 9)
"""Digits, by how many are seen: whoever writes a number leaves out the zeros at its end."""
_ZERO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_ZERO_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Has as many digits as the present."""
ZERO_DAYS = (_ZERO_DAY, _ZERO_EPOCH, datetime(2030, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""Where constants may begin, in the order in which they are tried beside a handler's own rule."""
_NEAR = 400 * 24 * 3600
"""Seconds; an expiry may lie a year ahead."""


def detect(text: str, at: str | None = None) -> list[VolatileSpan]:
    """All volatile values in a text, in order: UUIDs, dates, times, JWTs, long random tokens.

    Args:
        text: the text to search.
        at: the time of the exchange; if given, numbers that are times near it are found, too.
    """
    if len(text) < SHORTEST:
        return []
    plain = text.encode("latin-1", "replace")
    digits, words = plain.translate(_DIGITS), plain.translate(_WORDS)
    found: list[_Found] = []
    if (start := digits.find(_DAY)) >= 0:
        found += _tried("date", text, digits, _DAY, start)
    if (start := digits.find(_TIME)) >= 0:
        found += _tried("time", text, digits, _TIME, start)
        found += _marked("http", text, plain, b" GMT")
    if (start := words.find(_LONG_WORD)) >= 0:
        found += _among_words(text, words, start)
    # A single byte that is rare is found fastest.
    if b"J" in plain:
        found += _marked("jwt", text, plain, b"eyJ")
    if at is not None and (start := digits.find(_LONG_DIGITS)) >= 0:
        numbers = _LONG_NUMBER.finditer(text, start)
        found += [(*match.span(), form) for match in numbers if (form := epoch_form(match[0], at))]
    found.sort(key=_by_start)  # Of two that begin at the same position, the one found first counts.
    spans, position = [], 0
    for start, end, kind in found:
        if start >= position:
            spans.append((start, end, _form(kind, text[start:end], digits[start:end])))
            position = end
    return spans


def _among_words(text: str, words: bytes, start: int) -> Iterator[_Found]:
    """The values that are long words, from `start` on."""
    while start >= 0:
        end = words.find(_BETWEEN_WORDS, start)
        end = len(words) if end < 0 else end
        match = first = _VOLATILE["uuid"].search(text, start, end)
        while match:
            yield *match.span(), "uuid"
            match = _VOLATILE["uuid"].search(text, match.end(), end)
        if first is None or first.start() > start:
            # These are whole words only.
            for kind in ("hex", "token"):
                if match := _VOLATILE[kind].match(text, start):
                    yield start, match.end(), kind
        start = words.find(_LONG_WORD, end)


def _tried(kind: str, text: str, digits: bytes, shape: bytes, start: int) -> Iterator[_Found]:
    """The values of a kind whose values all begin with a certain shape of digits, from `start` on."""
    while start >= 0:
        end = start + 1
        if match := _VOLATILE[kind].match(text, start):
            end = match.end()
            yield start, end, kind
        start = digits.find(shape, end)


def _marked(kind: str, text: str, plain: bytes, mark: bytes) -> Iterator[_Found]:
    """The values of a kind whose values all contain a certain mark."""
    if mark in plain:
        for match in _VOLATILE[kind].finditer(text):
            yield *match.span(), kind


def _form(kind: str, found: str, digits: bytes) -> str:
    match kind:
        case "date" | "time":
            return _timestamp_form(kind, digits)
        case "uuid":
            return "uuid:a" if found.lower() == found else "uuid:A"
        case "hex" | "token":
            return f"{kind}:{len(found)}"
    return kind if kind.startswith("epoch:") else f"{kind}:"


@lru_cache(maxsize=1000)  # a timestamp has some 40 digits at most
def _timestamp_form(kind: str, digits: bytes) -> str:
    """The form of a timestamp in any time zone, however many zeros at the end of its fraction are left out."""
    # The digits in `%3A` and `%2B` do not belong to the timestamp.
    shape = digits.decode().replace("%0A", "%3A").replace("%0B", "%2B")
    time_end = 16 if kind == "date" else 8
    if offset := _OFFSET.search(shape, time_end):
        shape = f"{shape[: offset.start()]}{'Z' if ':' in offset[0] else '+0000'}"
    if fraction := _FRACTION.search(shape, time_end):
        whole = _WHOLE_FRACTIONS.get(len(fraction[0]) - 1, len(fraction[0]) - 1)
        shape = f"{shape[: fraction.start() + 1]}{'0' * whole}{shape[fraction.end() :]}"
    return f"{kind}:{shape}"


def spans_of(text: str, at: str) -> list[VolatileSpan]:
    """Every volatile value in a text of a message; see `detect`."""
    if len(text) < SHORTEST:
        return []
    if (form := epoch_form(text, at)) is not None:
        return [(0, len(text), form)]
    return detect(text)


def epoch_form(text: str, at: str) -> str | None:
    """The form of a number that is a time near the exchange's own, in seconds or milliseconds, or None."""
    if not _EPOCH.fullmatch(text):
        return None
    try:
        near = datetime.fromisoformat(at).timestamp()
    except ValueError:
        return None
    for unit, factor in (("s", 1), ("ms", 1000)):
        if abs(float(text) - near * factor) < _NEAR * factor:
            fraction = "0" * _EPOCH_FRACTIONS[min(len(text.partition(".")[2]), 9)]
            return f"epoch:{unit}.{fraction}" if fraction else f"epoch:{unit}"
    return None


def is_constant(text: str) -> bool:
    """True if no part of a text is volatile at any time, nor any value in it if it is JSON without escapes."""
    digits = text.encode("latin-1", "replace").translate(_DIGITS)
    # JSON may write a time as 1.7952939e9.
    return not any(shape in digits for shape in (_LONG_DIGITS, b"0e", b"0E")) and not detect(text)


def constant(form: str, number: int, zero: datetime = _ZERO_DAY) -> str:
    """The constant of a form, as text, for the class `number`, counted from 1; times follow `zero`."""
    kind, _, detail = form.partition(":")
    timestamp = zero + timedelta(days=number - 1)
    match kind:
        case "uuid":
            text = f"00000000-0000-4000-8000-{number:012x}"
            return text.upper() if detail == "A" else text
        case "http":
            return timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT")
        case "date":
            return timestamp.strftime("%Y-%m-%d") + detail[10:]
        case "time":
            return (_ZERO_DAY + timedelta(seconds=number % 86400)).strftime("%H:%M:%S") + detail[8:]
        case "hex":
            return f"0a{number:0{int(detail) - 2}x}"
        case "token":
            return f"xTk{number:0{int(detail) - 3}d}"
        case "jwt":
            payload = base64.urlsafe_b64encode(b'{"jti":"%d"}' % number).rstrip(b"=").decode()
            return f"{UNSIGNED_JWT}{payload}.c2lnbmF0dXJl"
    unit, dot, fraction = detail.partition(".")
    seconds = int((_ZERO_EPOCH + timedelta(days=number - 1)).timestamp()) * (1000 if unit == "ms" else 1)
    return f"{seconds}{dot}{fraction}"


@lru_cache(maxsize=1000)  # forms are short
def pattern(form: str) -> str:
    """The regular expression for all values of a form."""
    kind, _, detail = form.partition(":")
    match kind:
        case "uuid":
            return UUID_REGEX
        case "http":
            return r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
        case "jwt":
            return r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
        case "hex":
            return f"[0-9a-fA-F]{{{detail}}}"
        case "token":
            return f"[A-Za-z0-9_-]{{{detail}}}"
        case "epoch":
            return r"\d+\.\d+" if "." in detail else r"\d+"
    match = _TIME_FORM.fullmatch(detail)
    assert match is not None
    fraction = rf"({escape(match['fraction'][0])}\d+)?" if match["fraction"] else ""
    zone = r"(Z|[+-]\d{2}:?\d{2})" if match["zone"] else ""
    return f"{_digits(match['timestamp'])}{fraction}{zone}"


@lru_cache(maxsize=1000)  # as above
def timestamp_format(form: str) -> tuple[Literal["Date", "Time", "DateTime"], str] | None:
    """The generator of a date's or a time's form, and its format in Java's notation; None where there is none.

    `"date:0000-00-00T00:00:00.000Z"` -> `("DateTime", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")`.
    """
    kind, _, detail = form.partition(":")
    if kind == "http":
        return "DateTime", "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    match = _TIMESTAMP.fullmatch(detail) if kind in {"date", "time"} else None
    if match is None:
        return None
    day = "yyyy-MM-dd" if match["day"] else ""
    time = "" if match["time"] is None else "HH:mm:ss" if match["seconds"] else "HH:mm"
    between = {"T": "'T'", " ": " ", None: ""}[match["between"]]
    fraction = (match["fraction"] or "").replace("0", "S")
    # The tools use local time: `X` would write an offset where the consumer sent, and a provider may expect, a Z.
    zone = {None: "", "Z": "'Z'"}.get(match["zone"], "xxx" if ":" in (match["zone"] or "") else "Z")
    return "DateTime" if day and time else "Date" if day else "Time", f"{day}{between}{time}{fraction}{zone}"


def _digits(form: str) -> str:
    return re.sub("0+", lambda run: rf"\d{{{len(run[0])}}}", escape(form))
