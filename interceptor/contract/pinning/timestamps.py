"""Which timestamps mean the same time, though no two runs agree on their values.

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
"""What a clock says twice while requests follow each other; days are few enough, and microseconds never agree."""
_NOW = 150.0
"""Seconds between an exchange and what was taken for the present time somewhere around it."""
_LATE = 5.0
"""Seconds between a whole minute's distance and what was computed shortly before the exchange, or after."""


@lru_cache(maxsize=1000)  # forms are short
def is_coarse(form: str) -> bool:
    """Whether values of a form may agree by accident: `"epoch:s"` and `"date:0000-00-00T00:00:00Z"`, not `"uuid:a"`."""
    return _COARSE.fullmatch(form) is not None


def distance(form: str, text: str, at: str) -> str:
    """What a value of a coarse form shares with those as far from their own exchanges, or nothing: `"epoch:s +60"`.

    Args:
        form: the value's.
        text: the value.
        at: when its exchange was, ISO 8601.
    """
    if text[:16] == at[:16] and text.endswith("Z"):
        return f"{form} +0"  # One minute, which need not be read to say so.
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
    # A time without a zone is that of some place; wherever it is, all of one run are of the same.
    return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp
