"""The report as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.resources import files
from math import isinf
from typing import Any

from jinja2 import Environment, StrictUndefined

from interceptor.report.page_data import ReportContents, live_document, page_document, page_traffic
from interceptor.values.json_text import Json
from interceptor.values.messages import Response

_NOT_IN_HTML = str.maketrans({each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"})
"""What could end the element in which the JSON stands, or begin another one."""


def report_page(contents: ReportContents) -> bytes:
    """The page of a report."""
    return _rendered(page_document(contents), page_traffic(contents), contents.consumer)


def live_page(consumer: str) -> Response:
    """The page at the control address, which asks there for what happens.

    Its address holds the token: so it tells it nobody, and no other page may frame it.
    """
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", f"{_policy(live=True)}; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    )
    return Response(200, headers, _rendered(live_document(consumer), [], consumer))


def _rendered(document: dict[str, Json], traffic: list[dict[str, Json]], consumer: str) -> bytes:
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        _source("page.html.j2")
    )
    text = template.render(
        title=f"{consumer}: contract report",
        policy=_policy(live="live" in document),
        style=_source("page.css"),
        script=_source("page.js"),
        data=_embedded(document),
        traffic=_embedded(traffic),
    )
    return text.encode("utf-8", "replace")


def _embedded(value: Json) -> str:
    """JSON that may stand in an element."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain, allow_nan=False)
    except ValueError:
        return _embedded(_finite(value))
    return text.translate(_NOT_IN_HTML)


def _finite(value: Any) -> Json:
    """The same with texts in the place of numbers that are too large for JSON to write: `1e999`."""
    match value:
        case float() if isinf(value):
            return "1e999" if value > 0 else "-1e999"
        case list() | tuple():
            return [_finite(each) for each in value]
        case Mapping():
            return {name: _finite(each) for name, each in value.items()}
    return value


def _plain(value: Any) -> dict[str, Json]:
    """What JSON has no form for: provider states, and mappings that are no dict."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else dict(value)


def _policy(*, live: bool) -> str:
    """What the page may do: run our script and no other, use our style, and ask for news where it is live.

    https://www.w3.org/TR/CSP3/
    """
    allowed = {
        "default-src": "'none'",
        "script-src": _hash(_source("page.js")),
        "style-src": _hash(_source("page.css")),
        "connect-src": "'self'" if live else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


@cache
def _source(name: str) -> str:
    return (files("interceptor.templates") / "report" / name).read_text("utf-8")


@cache
def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
