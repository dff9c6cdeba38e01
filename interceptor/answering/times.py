"""Times in templates: `now()` and `date(text)`, moved, in a zone, in a form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from interceptor.answering.sources import current
from interceptor.values.moments import is_plain_date, moved, parse_moment

_SECONDS = re.compile("%[%s]")


class Moment(str):
    """A point in time: ISO 8601 as text (`2026-11-21T20:46:03.120Z`), other forms as members.

    Two of them compare as points in time do, whatever their zones, and their difference is in seconds.
    """

    __slots__ = ("at",)

    at: datetime

    def __new__(cls, at: datetime, *, date_only: bool = False) -> Self:
        text = at.date().isoformat() if date_only else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        moment = super().__new__(cls, text)
        moment.at = at
        return moment

    @property
    def epoch(self) -> int:
        """Seconds since 1970."""
        return int(self.at.timestamp())

    @property
    def http(self) -> str:
        """As in HTTP's headers: `Sat, 21 Nov 2026 20:46:03 GMT`."""
        return format_datetime(self.at.astimezone(UTC), usegmt=True)

    def __sub__(self, other: object) -> float:
        if not isinstance(other, Moment):
            return NotImplemented
        return self.at.timestamp() - other.at.timestamp()

    def __lt__(self, other: str) -> bool:
        return self.at.timestamp() < other.at.timestamp() if isinstance(other, Moment) else str.__lt__(self, other)

    def __le__(self, other: str) -> bool:
        return self.at.timestamp() <= other.at.timestamp() if isinstance(other, Moment) else str.__le__(self, other)

    def __gt__(self, other: str) -> bool:
        return self.at.timestamp() > other.at.timestamp() if isinstance(other, Moment) else str.__gt__(self, other)

    def __ge__(self, other: str) -> bool:
        return self.at.timestamp() >= other.at.timestamp() if isinstance(other, Moment) else str.__ge__(self, other)


def now(offset: str = "", zone: str = "UTC", format: str | None = None) -> str:  # noqa: A002  # the author's word
    """The present, moved by an offset: `now("+8h")`, `now(zone="Europe/Berlin", format="%d.%m.%Y")`."""
    return _shown(current().now(), offset, zone, format)


def date(value: Any, offset: str = "", zone: str | None = None, format: str | None = None) -> str:  # noqa: A002  # as above
    """A time from a text or a number, moved: `date(request.json.from, "+1mo")`; a date stays a date."""
    return _shown(parse_moment(value.at if isinstance(value, Moment) else value), offset, zone, format, plain=value)


def _shown(at: datetime, offset: str, zone: str | None, form: str | None, *, plain: Any = None) -> str:
    if zone is not None:
        at = at.astimezone(_zone(zone))
    at = moved(at, offset)
    if form is not None:
        epoch = str(int(at.timestamp()))  # C takes the time for one of the machine's own zone
        return at.strftime(_SECONDS.sub(lambda sign: epoch if sign[0] == "%s" else sign[0], form))
    whole_days = not (at.hour or at.minute or at.second or at.microsecond)
    return Moment(at, date_only=is_plain_date(plain) and whole_days)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f'"{name}" is not a time zone; write for example Europe/Berlin') from None
