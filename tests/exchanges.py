"""Exchanges and journals, made short for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from interceptor.journal import JournalWriter
from interceptor.project.config import Project, load_project
from interceptor.redaction.redactor import Redactor
from interceptor.values.exchange import Exchange, Metadata, Outcome, ProviderState
from interceptor.values.messages import Request, Response

BASE_URL = "https://api.example.com/v1"
PROJECT = f"""
consumer: Product Site
providers:
  Product API: {{url: {BASE_URL}}}
"""


def exchange(line: str, response: Any = None, **more: Any) -> Exchange:
    """An exchange as the proxy notes it: `exchange("GET /products/10", {"id": "10"}, generated=["response.$.id"])`.

    A body that is not bytes is sent as JSON.
    """
    method, _, target = line.partition(" ")
    request_body, request_headers = _body(more.pop("body", b""), more.pop("headers", {}))
    response_body, response_headers = _body(b"" if response is None else response, more.pop("response_headers", {}))
    request = Request(method, BASE_URL + target, request_headers, request_body)
    answer = Response(more.pop("status", 200), response_headers, response_body)
    noted: dict[str, Any] = {"outcome": Outcome.MOCKED, "at": "2026-11-21T20:46:04.001Z", "ms": 0.4}
    noted |= {key: more.pop(key) for key in ("outcome", "at", "ms", "masked", "large", "count") if key in more}
    known: dict[str, Any] = {
        "provider": "Product API",
        "path": target.partition("?")[0],
        "states": tuple(ProviderState(state) for state in more.pop("states", ())),
    }
    known |= {key: tuple(value) if isinstance(value, list) else value for key, value in more.items()}
    return Exchange(request, answer, metadata=Metadata(**known), **noted)


def known(exchange: Exchange, **facts: Any) -> Exchange:
    """The exchange with other facts known about it."""
    return replace(exchange, metadata=replace(exchange.metadata, **facts))


def _body(body: Any, headers: dict[str, str]) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    if isinstance(body, bytes):
        return body, tuple(headers.items())
    return json.dumps(body).encode(), tuple(({"content-type": "application/json"} | headers).items())


def journal(path: Path, exchanges: Iterable[Exchange], consumer: str = "Product Site") -> Path:
    """A journal as a run leaves it, secrets masked."""
    redact = Redactor()
    with JournalWriter(path, consumer=consumer) as writer:
        for each in exchanges:
            writer.write(redact(each))
    return path


def project(folder: Path, text: str = PROJECT) -> Project:
    """A project in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "interceptor.yaml"
    file.write_text(text, encoding="utf-8")
    return load_project(file)
