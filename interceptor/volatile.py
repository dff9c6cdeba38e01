"""Values that differ in every run: how they look, the constant of the same form, and the pattern of the form."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from interceptor.rules import UUID_REGEX, escape

_VOLATILE = re.compile(
    r"""
    (?P<uuid> (?<![0-9A-Za-z]) [0-9a-fA-F]{8} (?:-[0-9a-fA-F]{4}){3} -[0-9a-fA-F]{12} (?![0-9A-Za-z]) )
  | (?P<http> (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\ \d{2}\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ \d{4}
      \ \d{2}:\d{2}:\d{2}\ GMT )
  | (?P<date> (?<![\d.:-]) \d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])
      (?: [T\ +] (?:[01]\d|2[0-3])(?::|%3A)[0-5]\d (?: (?::|%3A)[0-5]\d (?:[.,]\d{1,9})? )?
          (?: Z | (?:[+-]|%2B)\d{2}(?::|%3A)?\d{2} )? )?
      (?![\d-]) )
  | (?P<time> (?<![\d.:-]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d (?:\.\d{1,9})? (?: Z | [+-]\d{2}:?\d{2} )? (?![\d:-]) )
  | (?P<jwt> \b eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]* )
    """,
    re.VERBOSE,
)
_QUICK = re.compile(r"\d{2}:\d{2}|\d-\d|[0-9a-fA-F]-[0-9a-fA-F]|eyJ|%3A", re.IGNORECASE)
_TIME_FORM = re.compile(r"(?P<moment>.*?)(?P<fraction>[.,]0+)?(?P<zone>Z|(?<=:00)[+-].*|(?<=[.,]0)[+-].*)?")
_ZERO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_NEAR = 400 * 24 * 3600
"""Seconds; an expiry may lie a year ahead."""


def volatile(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and form of every volatile value in a text: a UUID, a date, a time, a JWT.

    The form is what two values must share to be of the same form: `"date:0000-00-00T00:00:00.000Z"`.
    """
    if _QUICK.search(text) is None:
        return
    for match in _VOLATILE.finditer(text):
        kind, found = str(match.lastgroup), match[0]
        if kind in {"date", "time"}:
            yield match.start(), match.end(), f"{kind}:{re.sub('[0-9](?![AB])', '0', found)}"
        elif kind == "uuid":
            yield match.start(), match.end(), "uuid:a" if found.lower() == found else "uuid:A"
        else:
            yield match.start(), match.end(), f"{kind}:"


def epoch_form(text: str, at: str) -> str | None:
    """The form of a number that is a time near the exchange's own, in seconds or milliseconds, or None."""
    if len(text) < 10:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not 1e9 < value < 1e14:
        return None
    try:
        near = datetime.fromisoformat(at).timestamp()
    except ValueError:
        return None
    for unit, factor in (("s", 1), ("ms", 1000)):
        if abs(value - near * factor) < _NEAR * factor:
            return f"epoch:{unit}{'.' if '.' in text else ''}"
    return None


def constant(form: str, number: int) -> str:
    """The constant of a form, as text, for the class `number`, counted from 1."""
    kind, _, detail = form.partition(":")
    moment = _ZERO_DAY + timedelta(days=number - 1)
    match kind:
        case "uuid":
            text = f"00000000-0000-4000-8000-{number:012x}"
            return text.upper() if detail == "A" else text
        case "http":
            return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
        case "date":
            return moment.strftime("%Y-%m-%d") + detail[10:]
        case "time":
            return (_ZERO_DAY + timedelta(seconds=number % 86400)).strftime("%H:%M:%S") + detail[8:]
        case "jwt":
            payload = base64.urlsafe_b64encode(b'{"jti":"%d"}' % number).rstrip(b"=").decode()
            return f"eyJhbGciOiJub25lIn0.{payload}.c2lnbmF0dXJl"
    seconds = int(moment.timestamp()) * (1000 if detail.startswith("ms") else 1)
    return f"{seconds}.0" if detail.endswith(".") else str(seconds)


def pattern(form: str) -> str:
    """The regular expression of all values of a form."""
    kind, _, detail = form.partition(":")
    match kind:
        case "uuid":
            return UUID_REGEX
        case "http":
            return r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
        case "jwt":
            return r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
        case "epoch":
            return r"\d+\.\d+" if detail.endswith(".") else r"\d+"
    match = _TIME_FORM.fullmatch(detail)
    assert match is not None
    fraction = r"(\.\d+)?" if match["fraction"] else ""
    zone = r"(Z|[+-]\d{2}:?\d{2})" if match["zone"] else ""
    return f"{_digits(match['moment'])}{fraction}{zone}"


def _digits(form: str) -> str:
    return re.sub("0+", lambda run: rf"\d{{{len(run[0])}}}", escape(form))
