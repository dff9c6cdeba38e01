"""Points in time as people and protocols write them, and how far to move from one.

`2026-11-21`, `2026-11-21T20:46:03+01:00`, `Sat, 21 Nov 2026 20:46:03 GMT`, seconds or milliseconds since 1970;
`+8h`, `-2d`, `+1mo -1d`. No library: the standard one reads each of these, and months are all that it cannot add.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DAYS = {"d": 1, "w": 7}
"""Of the calendar: the same hour, also where one of them has 23."""
_MONTHS = {"mo": 1, "y": 12}
_AMOUNT = r"(\d+(?:\.\d+)?)\s*(ms|mo|s|m|h|d|w|y)"
_OFFSET = re.compile(rf"\s*([+-])\s*{_AMOUNT}")
_DURATION = re.compile(rf"{_AMOUNT}\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_NUMBER = re.compile(r"\d{9,13}(?:\.\d+)?\Z")
_MILLISECONDS_FROM = 1e11
"""As seconds that would be the year 5138."""


def is_plain_date(value: Any) -> bool:
    """True for a text that is a date without a time."""
    return isinstance(value, str) and _DATE.match(value.strip()) is not None


def parse_moment(value: Any) -> datetime:
    """The point in time that a value means; in UTC where it names no zone.

    Raises:
        ValueError: where it means none.
    """
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        at = _since_1970(value)
    elif isinstance(value, str):
        at = _parse_text(value.strip())
    else:
        raise ValueError(f"{value!r} is not a time; write for example 2026-11-21T20:46:03Z")
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _parse_text(text: str) -> datetime:
    try:
        return _since_1970(float(text)) if _NUMBER.match(text) else datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        raise ValueError(f'"{text}" is not a time; write for example 2026-11-21T20:46:03Z') from None


def _since_1970(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{number} is not a time in seconds since 1970") from None


def moved(at: datetime, offset: str) -> datetime:
    """A point in time, moved: `moved(at, "+1mo -1d")`. The last day of a month stays in its month.

    Raises:
        ValueError: where the offset is none, or leads beyond the calendar.
    """
    position = 0
    while position < len(offset.rstrip()):
        match = _OFFSET.match(offset, position)
        if match is None:
            raise ValueError(f'"{offset}" is not an offset; write +8h, -30m, +2d or +1mo')
        sign = 1 if match[1] == "+" else -1
        try:
            at = _moved(at, sign * float(match[2]), match[3])
        except (OverflowError, ValueError):
            raise ValueError(f'"{offset}" leads beyond the calendar') from None
        position = match.end()
    return at


def _moved(at: datetime, count: float, unit: str) -> datetime:
    if unit in _DAYS:
        return at + timedelta(days=count * _DAYS[unit])
    if unit in _UNITS:  # hours are hours, also in the night in which a clock is changed
        return (at.astimezone(UTC) + timedelta(seconds=count * _UNITS[unit])).astimezone(at.tzinfo)
    years, month = divmod(at.year * 12 + at.month - 1 + int(count * _MONTHS[unit]), 12)
    return at.replace(year=years, month=month + 1, day=min(at.day, calendar.monthrange(years, month + 1)[1]))


def duration(text: str) -> float:
    """How many seconds `5m`, `36h` or `2d` are; a month has no fixed number of them.

    Raises:
        ValueError: where the text is no duration.
    """
    match = _DURATION.match(text.strip())
    if match is None or match[2] in _MONTHS:
        raise ValueError(f'"{text}" is not a duration; write 30s, 5m, 8h or 2d')
    return float(match[1]) * _UNITS[match[2]]
