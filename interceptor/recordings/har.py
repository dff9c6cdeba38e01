"""HAR files, in the dialects of browsers, Playwright and API clients: http://www.softwareishard.com/blog/har-12-spec/"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
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


def is_har(path: Path) -> bool:
    """True for a JSON object with a `log`."""
    try:
        return isinstance(_load(path)["log"], dict)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def read_har(path: Path, damages: list[Damage]) -> Iterator[ImportedExchange]:
    """The answered requests of a HAR file; sockets, `data:` URLs and aborted requests are passed over.

    Raises:
        RecordingError: where the file can no longer be read.
    """
    try:
        entries = list(_load(path)["log"]["entries"])
    except OSError as error:
        raise RecordingError(f"cannot read the recording {path}: {error.strerror}", "check the path") from error
    except (ValueError, LookupError, TypeError) as error:
        raise RecordingError(f"cannot read the recording {path}: it has no entries", "record it again") from error
    for number, entry in enumerate(entries, 1):
        try:
            captured = _captured(entry, partial(_warn, damages, path, number))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"entry {number} is not valid HAR: {type(error).__name__}: {error}"
            damages.append(Damage(path, None, message))
        else:
            if captured is not None:
                yield captured


def _load(path: Path) -> Json:
    return parse_json(path.read_bytes().decode("utf-8-sig", "replace").encode())


def _warn(damages: list[Damage], path: Path, number: int, text: str) -> None:
    damages.append(Damage(path, None, f"entry {number}: {text}", "warning"))


def _captured(entry: dict[str, Any], warn: Callable[[str], None]) -> ImportedExchange | None:
    request, response = entry["request"], entry["response"]
    status = int(response.get("status") or 0)
    if urlsplit(request["url"]).scheme.lower() not in {"http", "https"} or request["method"].upper() == "CONNECT":
        return None
    if status < 100 or status == _SWITCHING_PROTOCOLS or "_webSocketMessages" in entry:
        return None
    conditions = CONDITIONS.get(status, frozenset())
    if conditions and not any(name in conditions for name, _ in _headers(request)):
        warn(f"the file lacks the header that status {status} answers to ({', '.join(sorted(conditions))}); left out")
        return None
    return ImportedExchange(
        _request(request),
        _response(response, status, warn if request["method"].upper() != "HEAD" else _say_nothing),
        _moment(entry.get("startedDateTime")),
    )


def _say_nothing(_text: str) -> None:
    """An answer to HEAD has no body to be missed."""


def _request(request: dict[str, Any]) -> Request:
    headers = _headers(request)
    posted = request.get("postData") or {}
    content_type = _first(headers, "content-type") or posted.get("mimeType") or None
    text, fields = posted.get("text"), posted.get("params")
    body = _bytes(text, posted.get("encoding"), content_type) if text else _fields(fields or [], content_type)
    if body and content_type and _first(headers, "content-type") is None:
        headers = (*headers, ("content-type", content_type))
    return Request(request["method"].upper(), _url(request), headers, body)


def _response(response: dict[str, Any], status: int, warn: Callable[[str], None]) -> Response:
    headers, content = _headers(response), response.get("content") or {}
    content_type = _first(headers, "content-type")
    if content_type is None and "/" in (declared := str(content.get("mimeType") or "")):
        content_type = declared
    body = _bytes(content.get("text") or "", content.get("encoding"), content_type)
    if not body and status not in BODILESS and (content.get("size") or 0) > 0:
        warn("the file lacks the body of this response; the pact says nothing about it")
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
