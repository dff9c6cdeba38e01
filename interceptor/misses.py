"""The answer to a request that nobody answers: the nearest handlers, what differs, and a handler to paste."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from interceptor.cors import cors_headers
from interceptor.matching import Mismatch
from interceptor.messages import NotJsonError, Request, Response, is_json

PROBLEM_MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A handler that almost answered."""

    handler: str
    name: str | None
    differs: Sequence[Mismatch]


def explain(request: Request, near: Sequence[NearMiss], paste: str) -> str:
    """The miss in the words of the log and the summary."""
    lines = [f"{request.method} {request.url} has no handler"]
    for miss in near:
        lines.append(f"  near {miss.handler}" + (f" ({miss.name})" if miss.name else ""))
        lines += [f"    {mismatch}" for mismatch in miss.differs]
    return "\n".join([*lines, "  a handler to paste:", *(f"    {line}" for line in paste.splitlines())])


def handler_to_paste(request: Request, path: str) -> str:
    """A handler in YAML that would answer this very request."""
    part: Any = f"{request.method} {path}"
    if request.query:
        names = dict.fromkeys(name for name, _ in request.query)
        values = {name: [value for key, value in request.query if key == name] for name in names}
        query = {name: each[0] if len(each) == 1 else each for name, each in values.items()}
        part = {"method": request.method, "path": path, "query": query}
    if request.body and is_json(request.header("content-type")):
        try:
            body = request.json
        except NotJsonError:
            body = None
        if body is not None:
            part = {"method": request.method, "path": path, **(part if isinstance(part, dict) else {}), "json": body}
    handler = [{"request": part, "response": {"status": 200, "json": {}}}]
    return yaml.safe_dump(handler, sort_keys=False, allow_unicode=True, default_flow_style=None).rstrip()


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
        "request": f"{request.method} {request.url}",
        "handler": place,
    }
    return problem_response(request, 500, document)


def problem_response(request: Request, status: int, document: dict[str, Any]) -> Response:
    headers = (("content-type", PROBLEM_MEDIA_TYPE), ("cache-control", "no-store"))
    body = json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    return Response(status, (*headers, *cors_headers(request, headers)), body)
