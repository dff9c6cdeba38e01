"""Tells which timestamps mean the same time, although their values differ in every run.

Two timestamps of the same second can coincide by chance in one run, and differ in the next. So equal values say
little; an equal distance from the exchange says more: now, or a number of minutes before or after.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote

_COARSE = re.compile(
    r"""
    http: | epoch:m?s
    | date:0000-00-00[T +]00(?::|%3A)00 (?: (?::|%3A)00 (?:[.,]0{1,5})? )? (?: Z | (?:[+-]|%2B).* )?
    """,
    re.VERBOSE,
)
"""Forms so coarse that consecutive requests can share a value; days rarely differ, and microseconds always do."""
_NOW = 150.0
"""Seconds between an exchange and what its code took for the current time."""
_LATE = 5.0
"""Seconds that a time computed shortly before or after the exchange may differ from a whole number of minutes."""


@lru_cache(maxsize=1000)  # forms are short
def is_coarse(form: str) -> bool:
    """True if values can be equal by chance: `"epoch:s"` and `"date:0000-00-00T00:00:00Z"`, not `"uuid:a"`."""
    return _COARSE.fullmatch(form) is not None


def distance(form: str, text: str, at: str) -> str:
    """What a value of a coarse form shares with those equally far from their exchanges, or nothing: `"epoch:s +60"`.

    Args:
        form: the value's.
        text: the value.
        at: when its exchange was, ISO 8601.
    """
    if text[:16] == at[:16] and text.endswith("Z"):
        return f"{form} +0"  # Within one minute, which is clear without parsing.
    try:
        seconds = (_parsed(form, text) - datetime.fromisoformat(at)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return ""
    if abs(seconds) <= _NOW:
        return f"{form} +0"
    minutes = round(seconds / 60)
    return f"{form} {minutes:+}" if abs(seconds - 60 * minutes) <= _LATE else ""


def _parsed(form: str, text: str) -> datetime:
    if form.startswith("epoch:"):
        return datetime.fromtimestamp(int(text) / (1000 if form == "epoch:ms" else 1), UTC)
    if form == "http:":
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    timestamp = datetime.fromisoformat(f"{text[:10]}T{unquote(text[11:]).replace(',', '.')}")
    # A time without a zone is local to some place, which is the same for a whole run.
    return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp
