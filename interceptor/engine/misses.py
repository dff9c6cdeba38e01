"""Explains a request that no handler answers: the nearest handlers, what differs, and a handler to paste."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import quote

from interceptor.matching.mismatches import Mismatch
from interceptor.matching.requests import opens_websocket
from interceptor.matching.router import Located
from interceptor.matching.values import spelt_key
from interceptor.project.yaml_text import as_yaml
from interceptor.values.browsers import cors_headers
from interceptor.values.json_text import Json, NotJsonError
from interceptor.values.media_types import media_type
from interceptor.values.messages import Request, Response
from interceptor.values.origins import Owners

PROBLEM_MEDIA_TYPE = "application/problem+json"
_GRPC_UNIMPLEMENTED, _GRPC_INTERNAL = 12, 13
_GRPC_STATUSES = {501: _GRPC_UNIMPLEMENTED, 500: _GRPC_INTERNAL}
_LONGEST_GRPC_MESSAGE = 2000
"""Characters; clients take some 8 kB of headers (gRPC's own default)."""
_GRPC_HINT = "  this is a gRPC call: a handler can give it a status, or a message as bytes (docs/clients.md)"

Mask: TypeAlias = Callable[[Request], Request]
"""Takes a request, returns it without its secrets, or the same object if there are none."""

_MASK = "***"


@dataclass(frozen=True, slots=True)
class Masked:
    """A request and its masked form: explanations are printed, kept and pasted into tickets."""

    real: Request
    shown: Request
    owned_path: str | None
    """The path below the provider's url."""

    @property
    def path(self) -> str:
        """The value for a handler's `path` or `url`; a masked segment is a wildcard."""
        path = self.owned_path or self.real.url.partition("?")[0]
        steps = path.split("/")
        segments = zip(reversed(self.real.path.split("/")), reversed(self.shown.path.split("/")), strict=False)
        for index, (real, shown) in enumerate(segments, 1):
            if real != shown:
                steps[-index] = "*"
        return "/".join(steps)

    @property
    def unlike(self) -> list[Mismatch]:
        """Why a handler of plain requests at the right address does not answer one that opens a WebSocket."""
        return [Mismatch("request", "a plain request", "a WebSocket")] if opens_websocket(self.real) else []

    def mismatches(self, found: Sequence[Mismatch], check: Callable[[Request], Iterable[Mismatch]]) -> list[Mismatch]:
        """The mismatches, with masked values; `check` finds those below the address."""
        if self.shown is self.real:
            return list(found)
        got = {each.part: each.got for each in check(self.shown)}
        got |= {"method": self.real.method, "path": self.path}
        return [replace(each, got=got.get(each.part, _MASK)) for each in found]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A handler that almost matched."""

    handler: str
    name: str | None
    differs: Sequence[Mismatch]


def elsewhere(owners: Owners, located: Located) -> str | None:
    """What a request that no provider owns seems to have missed: the scheme, the port or the base path of one."""
    if located.owned is not None:
        return None
    origin = located.origin
    for base in owners.bases:
        if base.origin.covers(origin):
            return f'{base.url} is where the provider "{base.provider}" begins, and the path is outside of it'
    for base in owners.bases:
        if base.origin.scheme != origin.scheme and base.origin.covers_address(origin.host, base.origin.port):
            return f'the provider "{base.provider}" is at {base.url}, and the request came by {origin.scheme}'
    return None


def explain(request: Request, near: Sequence[NearMiss], paste: str, hint: str | None = None) -> str:
    """The miss as the log and the summary show it."""
    lines = [f"{request.method} {request.url} has no handler", *([f"  {hint}"] if hint else [])]
    for miss in near:
        lines.append(f"  near {miss.handler}" + (f" ({miss.name})" if miss.name else ""))
        lines += [f"    {mismatch}" for mismatch in miss.differs]
    if media_type(request.header("content-type")).is_grpc:
        lines.append(_GRPC_HINT)
    return "\n".join([*lines, "  a handler to paste:", *(f"    {line}" for line in paste.splitlines())])


def handler_to_paste(masked: Masked) -> str:
    """A handler in YAML that would answer this request; whatever is masked matches anything."""
    real, shown, path = masked.real, masked.shown, masked.path
    if media_type(real.header("content-type")).is_grpc:
        headers = {"content-type": "application/grpc", "grpc-status": str(_GRPC_UNIMPLEMENTED)}
        return as_yaml([{"request": f"{real.method} {path}", "response": {"status": 200, "headers": headers}}])
    part: dict[str, Any] = {}
    if real.query:
        pairs = list(zip(real.query, shown.query, strict=True))
        each = {name: [pair for pair in pairs if pair[0][0] == name] for name, _ in real.query}
        part["query"] = {spelt_key(name): _query_to_paste(found) for name, found in each.items()}
    if real.body and media_type(real.header("content-type")).is_json:
        with suppress(NotJsonError):
            part["json"] = _where_masked_any(real.json, shown.json)
    if opens_websocket(real):
        rule: Json = {"json": {}, "send": {"json": {}}}
        socket: Json = {"websocket": re.sub("^http", "ws", path), **part}
        return as_yaml([{"request": socket, "response": {"messages": [rule]}}])
    request = {"method": real.method, "path": path, **part} if part else f"{real.method} {path}"
    handler = [{"request": request, "response": {"status": 200, "json": {}}}]
    return as_yaml(handler)


def _query_to_paste(found: Sequence[tuple[tuple[str, str], tuple[str, str]]]) -> Json:
    if any(real != shown for real, shown in found):
        return {"$any": True}
    values = [value for (_, value), _ in found]
    return values[0] if len(values) == 1 else values


def _where_masked_any(real: Json, shown: Json) -> Json:
    if isinstance(real, dict) and isinstance(shown, dict):
        return {spelt_key(key): _where_masked_any(member, shown.get(key)) for key, member in real.items()}
    if isinstance(real, list) and isinstance(shown, list):
        return [_where_masked_any(*each) for each in zip(real, shown, strict=True)]
    return real if real == shown else {"$any": True}


def unhandled_response(request: Request, near: Sequence[NearMiss], paste: str, hint: str | None = None) -> Response:
    """501 as a problem document (RFC 9457)."""
    document = {
        "title": "No handler answers this request",
        "status": 501,
        "detail": hint or explain(request, near, paste),
        "request": f"{request.method} {request.url}",
        "nearest": [
            {
                "handler": miss.handler,
                **({"name": miss.name} if miss.name else {}),
                "differs": [{"part": each.part, "expected": each.expected, "got": each.got} for each in miss.differs],
            }
            for miss in near
        ],
        "paste": paste,
    }
    return problem_response(request, 501, document)


def failed_response(request: Request, place: str | None, explanation: str) -> Response:
    """500 as a problem document: a handler applied, but its answer could not be made."""
    document = {
        "title": "The handler for this request failed",
        "status": 500,
        "detail": explanation,
        "request": f"{request.method} {request.url.partition('?')[0]}",
        "handler": place,
    }
    return problem_response(request, 500, document)


def problem_response(request: Request, status: int, document: dict[str, Any]) -> Response:
    if media_type(request.header("content-type")).is_grpc:
        return _grpc_problem(_GRPC_STATUSES[status], document["detail"])
    headers = (("content-type", PROBLEM_MEDIA_TYPE), ("cache-control", "no-store"))
    body = json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    return Response(status, (*headers, *cors_headers(request, headers)), body)


def _grpc_problem(status: int, text: str) -> Response:
    """What a client of gRPC shows: a status without a message (its protocol over HTTP/2, "Trailers-Only")."""
    message = quote(text[:_LONGEST_GRPC_MESSAGE], safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")
    headers = (("content-type", "application/grpc"), ("grpc-status", str(status)), ("grpc-message", message))
    return Response(200, headers)
