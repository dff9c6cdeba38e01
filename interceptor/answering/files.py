"""Files as a server gives them: validators, conditions and ranges (RFC 9110, sections 8.8, 13 and 14).

Both validators come from the content, so that they are the same on every machine, and so in every pact.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from interceptor.values.messages import Headers, Request, Response
from interceptor.values.moments import parse_moment

_FIRST_DAY = datetime(2001, 1, 1, tzinfo=UTC)
_SECONDS = 20 * 365 * 86400
"""Of the years in which files seem to have been written, all of them past."""
_CONDITIONS = ("range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since")
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z")
_ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"')
_KEPT_WITHOUT_CONTENT = frozenset(
    {"cache-control", "content-location", "date", "etag", "expires", "last-modified", "vary"}
)


def validators(content: bytes) -> Headers:
    """The headers that say which content this is, and that parts of it may be asked for."""
    digest = hashlib.sha256(content).hexdigest()
    written = _FIRST_DAY + timedelta(seconds=int(digest[:12], 16) % _SECONDS)
    return (
        ("etag", f'"{digest[:32]}"'),
        ("last-modified", format_datetime(written, usegmt=True)),
        ("accept-ranges", "bytes"),
    )


def conditional(request: Request, response: Response) -> Response:
    """What a request gets of a whole file: the file, a part of it, or the news that there are none."""
    if request.method not in {"GET", "HEAD"} or not any(request.header(name) for name in _CONDITIONS):
        return response
    tag, written = response.header("etag"), response.header("last-modified")
    if (said := request.header("if-match")) is not None:
        if not _names(said, tag, weakly=False):
            return _without_content(412, response)
    elif _is_newer(written, request.header("if-unmodified-since")) is True:
        return _without_content(412, response)
    if (said := request.header("if-none-match")) is not None:
        if _names(said, tag, weakly=True):
            return _without_content(304, response)
    elif _is_newer(written, request.header("if-modified-since")) is False:
        return _without_content(304, response)
    return _part(request, response, tag, written)


def conditional_headers(status: int) -> tuple[Sequence[str], Sequence[str]]:
    """The headers of a request and a response that belong into a contract where a part of a file is given."""
    return (("range",), ("content-range",)) if status in {206, 416} else ((), ())


def _part(request: Request, response: Response, tag: str | None, written: str | None) -> Response:
    """One range of the content; several are answered with the whole, as a server may."""
    said, condition = request.header("range"), request.header("if-range")
    match = _RANGE.match(said or "")
    if request.method != "GET" or match is None or not any(match.groups()):
        return response
    if condition is not None and condition not in {tag, written}:
        return response
    size = len(response.body)
    first, last = match[1], match[2]
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < int(first):
        return response
    if start >= size or (not first and int(last) == 0):
        return _without_content(416, response, (("content-range", f"bytes */{size}"),))
    headers = (*response.headers, ("content-range", f"bytes {start}-{end}/{size}"))
    return Response(206, headers, response.body[start : end + 1])


def _without_content(status: int, response: Response, further: Headers = ()) -> Response:
    headers = (*((name, value) for name, value in response.headers if name in _KEPT_WITHOUT_CONTENT), *further)
    return Response(status, headers)


def _names(said: str, tag: str | None, *, weakly: bool) -> bool:
    """Whether a list of entity tags holds that of the content."""
    if said.strip() == "*":
        return True
    tags = _ENTITY_TAG.findall(said)
    if weakly:
        return tag is not None and tag.removeprefix("W/") in {each.removeprefix("W/") for each in tags}
    return tag in tags and not str(tag).startswith("W/")


def _is_newer(written: str | None, than: str | None) -> bool | None:
    """Whether the content was written after a time; None where one of them says nothing."""
    if written is None or than is None:
        return None
    try:
        return parse_moment(written) > parse_moment(than)
    except ValueError:
        return None
