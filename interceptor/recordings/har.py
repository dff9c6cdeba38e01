"""HAR files, in the dialects of browsers, Playwright and API clients: http://www.softwareishard.com/blog/har-12-spec/

Playwright may attach bodies: as files beside the HAR file, or in one archive with it (`.har.zip`).
"""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from interceptor.values.damage import Damage
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import ImportedExchange
from interceptor.values.json_text import Json, parse_json
from interceptor.values.media_types import media_type
from interceptor.values.messages import BODILESS, CONDITIONS, Headers, Request, Response
from interceptor.values.urls import normal_url

_OF_THE_WIRE = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_SAFE = "/:?@!$&'()*+,;=-._~%\"<>\\^`{|}[]"
_SWITCHING_PROTOCOLS = 101
_MOST_UNPACKED = 1 << 29
"""Bytes of one file in an archive; a small archive may claim to hold any number of them."""


def is_har(path: Path) -> bool:
    """True for a JSON object with a `log`, also in an archive."""
    try:
        return isinstance(_open(path).document["log"], dict)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def read_har(path: Path, damages: list[Damage]) -> Iterator[ImportedExchange]:
    """The answered requests of a HAR file; sockets, `data:` URLs and aborted requests are passed over.

    Raises:
        RecordingError: where the file can no longer be read.
    """
    try:
        source = _open(path)
        entries = list(source.document["log"]["entries"])
    except OSError as error:
        raise RecordingError(f"cannot read the recording {path}: {error.strerror}", "check the path") from error
    except (ValueError, LookupError, TypeError) as error:
        raise RecordingError(f"cannot read the recording {path}: it has no entries", "record it again") from error
    for number, entry in enumerate(entries, 1):
        try:
            captured = _captured(entry, source, partial(_warn, damages, path, number))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"entry {number} is not valid HAR: {type(error).__name__}: {error}"
            damages.append(Damage(path, None, message))
        else:
            if captured is not None:
                yield captured


@dataclass(frozen=True, slots=True)
class _Har:
    """A HAR file, and how to read what is attached to it."""

    document: Json
    read: Callable[[str], bytes]

    def attached(self, message: dict[str, Any], warn: Callable[[str], None]) -> bytes | None:
        """The body that is in a file of its own; None where there is none, or where it cannot be read."""
        if (name := message.get("_file")) is None:
            return None
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            warn(f"cannot read the attached body {name}: it is not beside the HAR file")
            return None
        try:
            return self.read(name)
        except (OSError, ValueError, LookupError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error).strip("'\"")
            warn(f"cannot read the attached body {name}: {reason}")
            return None


def _open(path: Path) -> _Har:
    """Open a HAR file or an archive of one.

    Raises:
        OSError, ValueError, LookupError: where it is none.
    """
    with path.open("rb") as file:
        packed = file.read(4) == b"PK\x03\x04"
    if not packed:
        return _Har(_parsed(path.read_bytes()), lambda name: (path.parent / name).read_bytes())
    read = partial(_unpacked, path)
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(each for each in sorted(archive.namelist(), key=len) if each.endswith(".har"))
        return _Har(_parsed(read(name)), read)
    except (StopIteration, zipfile.BadZipFile) as error:
        raise ValueError("it holds no HAR file") from error


def _unpacked(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(name).file_size > _MOST_UNPACKED:
            raise ValueError(f"{name} is too large")
        return archive.read(name)


def _parsed(content: bytes) -> Json:
    return parse_json(content.decode("utf-8-sig", "replace").encode())


def _warn(damages: list[Damage], path: Path, number: int, text: str) -> None:
    damages.append(Damage(path, None, f"entry {number}: {text}", "warning"))


def _captured(entry: dict[str, Any], source: _Har, warn: Callable[[str], None]) -> ImportedExchange | None:
    request, response = entry["request"], entry["response"]
    method, status = request["method"].upper(), int(response.get("status") or 0)
    if urlsplit(request["url"]).scheme.lower() not in {"http", "https"} or method == "CONNECT":
        return None
    if status < 100 or status == _SWITCHING_PROTOCOLS or "_webSocketMessages" in entry:
        return None
    conditions = CONDITIONS.get(status, frozenset())
    if conditions and not any(name in conditions for name, _ in _headers(request)):
        warn(f"the file lacks the header that status {status} answers to ({', '.join(sorted(conditions))}); left out")
        return None
    answered = _response(response, status, source, warn)
    may_have = method != "HEAD" and status not in BODILESS and not 300 <= status < 400
    lacks_body = may_have and not answered.body and _had_body(response, status)
    if lacks_body:
        warn("the file lacks the body of this response; the pact says nothing about it")
    return ImportedExchange(
        _request(request, source, warn), answered, _moment(entry.get("startedDateTime")), lacks_body=lacks_body
    )


def _had_body(response: dict[str, Any], status: int) -> bool:
    """True where a response without a body is one whose body was not kept: no JSON document is empty."""
    content = response.get("content") or {}
    lengths = [str(each["value"]) for each in response.get("headers") or [] if each["name"].lower() == "content-length"]
    if lengths:
        return lengths[0].strip() != "0"
    content_type = _first(_headers(response), "content-type") or content.get("mimeType")
    return (content.get("size") or 0) > 0 or (status == HTTPStatus.OK and media_type(content_type).is_json)


def _request(request: dict[str, Any], source: _Har, warn: Callable[[str], None]) -> Request:
    headers = _headers(request)
    posted = request.get("postData") or {}
    content_type = _first(headers, "content-type") or posted.get("mimeType") or None
    text, fields = posted.get("text"), posted.get("params")
    body = source.attached(posted, warn)
    if body is None:
        body = _bytes(text, posted.get("encoding"), content_type) if text else _fields(fields or [], content_type)
    if body and content_type and _first(headers, "content-type") is None:
        headers = (*headers, ("content-type", content_type))
    return Request(request["method"].upper(), _url(request), headers, body)


def _response(response: dict[str, Any], status: int, source: _Har, warn: Callable[[str], None]) -> Response:
    headers, content = _headers(response), response.get("content") or {}
    content_type = _first(headers, "content-type")
    if content_type is None and "/" in (declared := str(content.get("mimeType") or "")):
        content_type = declared
    body = source.attached(content, warn)
    if body is None:
        body = _bytes(content.get("text") or "", content.get("encoding"), content_type)
    if body and content_type and _first(headers, "content-type") is None:
        headers = (*headers, ("content-type", content_type))
    return Response(status, headers, body)


def _url(request: dict[str, Any]) -> str:
    parts = urlsplit(request["url"])
    if not parts.hostname:
        raise ValueError("the URL names no host")
    # Some API clients write the query beside the URL only.
    query = parts.query or urlencode([(each["name"], each["value"]) for each in request.get("queryString") or []])
    target = quote(f"{parts.path}?{query}" if query else parts.path, safe=_SAFE)
    return normal_url(parts.scheme.lower(), parts.hostname or "", parts.port, target)


def _headers(message: dict[str, Any]) -> Headers:
    """The headers in lower case, without HTTP/2's `:path` and its like; some browsers join repeats by a line break."""
    return tuple(
        (each["name"].lower(), line.strip())
        for each in message.get("headers") or []
        for line in str(each["value"]).split("\n")
        if not each["name"].startswith(":") and each["name"].lower() not in _OF_THE_WIRE
    )


def _first(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key == name), None)


def _bytes(text: str, encoding: str | None, content_type: str | None) -> bytes:
    if encoding == "base64":
        return base64.b64decode(text)
    try:
        return text.encode(media_type(content_type).charset)
    except (LookupError, UnicodeEncodeError):
        return text.encode("utf-8", "replace")


def _fields(fields: list[dict[str, Any]], content_type: str | None) -> bytes:
    """The body of a form of which only the fields were recorded."""
    kind = media_type(content_type)
    if kind.is_form:
        return urlencode([(each["name"], each.get("value") or "") for each in fields]).encode()
    if not fields or not kind.boundary:
        return b""
    parts = "".join(f"--{kind.boundary}\r\n{_part(each)}\r\n" for each in fields)
    return f"{parts}--{kind.boundary}--\r\n".encode("utf-8", "replace")


def _part(field: dict[str, Any]) -> str:
    file = f'; filename="{field["fileName"]}"' if field.get("fileName") else ""
    kind = f"Content-Type: {field['contentType']}\r\n" if field.get("contentType") else ""
    return f'Content-Disposition: form-data; name="{field["name"]}"{file}\r\n{kind}\r\n{field.get("value") or ""}'


def _moment(started: object) -> str:
    """`2026-11-21T21:46:04.001+01:00` -> `2026-11-21T20:46:04.001Z`; empty where it is no time."""
    try:
        moment = datetime.fromisoformat(str(started))
    except ValueError:
        return ""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
