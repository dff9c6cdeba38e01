"""Turns recorded responses into responses of handlers; long and binary bodies become files beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from mimetypes import guess_extension

from interceptor.project.folder import file_type
from interceptor.values.json_text import Json, NotJsonError, has_lone_surrogate, parse_json
from interceptor.values.media_types import FORM_MEDIA_TYPE, JSON_MEDIA_TYPE, media_type
from interceptor.values.messages import BODILESS, Response

_LONGEST_INLINE = 4000
"""Bytes; longer bodies would hide the handlers."""
_TEXTS = {"text/plain": "text", "text/xml": "xml"}
_KEPT = re.compile(
    "location|link|retry-after|content-disposition|allow|x-(total|page|per-page|next-page|prev-page|result)(-.*)?"
)
"""Headers that consumers read. Whatever a handler declares is part of the contract, and transport, caching, tracing and
security policies should not be."""


@dataclass(slots=True)
class Fixtures:
    """The files of bodies, by their path."""

    files: dict[str, bytes] = field(default_factory=dict)

    def keep(self, stem: str, extension: str, content: bytes) -> str:
        """Keep a body as a file; equal bodies share one."""
        number = 1
        while True:
            name = f"fixtures/{stem}{'' if number == 1 else f'-{number}'}{extension}"
            if self.files.setdefault(name, content) == content:
                return name
            number += 1


_OF_THE_WIRE = frozenset({"connection", "content-encoding", "content-length", "content-type", "transfer-encoding"})


def answer(
    method: str, path: str, response: Response, fixtures: Fixtures, *, every_header: bool = False
) -> dict[str, Json]:
    """The response of a handler that answers as the real server did.

    Args:
        method: of the request.
        path: of the request.
        response: what the server answered.
        fixtures: takes long and binary bodies.
        every_header: whether its headers were declared, as those of a mock server are.
    """
    written: dict[str, Json] = {} if response.status == 200 and response.body else {"status": response.status}
    content_type = response.header("content-type") or ""
    body: dict[str, Json] = {}
    if response.body and response.status not in BODILESS and method != "HEAD":
        stem = re.sub(r"[^a-z0-9]+", "-", f"{method}{path}".lower()).strip("-")[:60]
        body = _inline(response, content_type) or _file(response, content_type, stem, fixtures)
    headers = _headers(response, every_header=every_header)
    if content_type and body and not _goes_without_saying(content_type, body):
        headers = {"content-type": content_type, **headers}
    return written | ({"headers": headers} if headers else {}) | body


def _headers(response: Response, *, every_header: bool) -> dict[str, Json]:
    headers: dict[str, Json] = {}
    names = dict.fromkeys(name for name, _ in response.headers)
    for name in names:
        if name in _OF_THE_WIRE or not (every_header or _KEPT.fullmatch(name)):
            continue
        values = [plain(value) for key, value in response.headers if key == name]
        headers[name] = values[0] if len(values) == 1 else values
    return headers


def _inline(response: Response, content_type: str) -> dict[str, Json]:
    """The body as YAML; nothing if a file suits it better."""
    if len(response.body) > _LONGEST_INLINE:
        return {}
    kind = media_type(content_type)
    if kind.is_json:
        try:
            value = parse_json(response.body)
        except NotJsonError:
            return {}
        return {} if has_lone_surrogate(value) else {"json": plain(value)}
    key = _TEXTS.get(kind.essence)
    if key is None or kind.charset.lower() != "utf-8":
        return {}
    try:
        return {key: plain(response.body.decode())}
    except UnicodeDecodeError:
        return {}


def _file(response: Response, content_type: str, stem: str, fixtures: Fixtures) -> dict[str, Json]:
    kind = media_type(content_type)
    extension = ".json" if kind.is_json else guess_extension(kind.essence) or ".bin"
    return {"file": fixtures.keep(stem, extension, response.body)}


def _goes_without_saying(content_type: str, body: dict[str, Json]) -> bool:
    """True for the default content type of a handler's response."""
    ((kind, value),) = body.items()
    bare = re.sub(r";\s*charset=\"?utf-8\"?$", "", content_type, flags=re.IGNORECASE).lower()
    given = {"json": JSON_MEDIA_TYPE, "text": "text/plain", "xml": "text/xml", "form": FORM_MEDIA_TYPE}
    return bare == (file_type(value) if kind == "file" else given[kind])


def plain(value: Json) -> Json:
    """A value with its braces escaped, so that nothing in it is taken for a template."""
    if isinstance(value, str):
        return value.replace("{{", "{{ '{{' }}")
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(element) for element in value] if isinstance(value, list) else value
