"""Specification 4: https://github.com/pact-foundation/pact-specification/tree/version-4"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from interceptor.pact.document import Interaction, Message, PactBody, PactDocument, ReportFinding
from interceptor.pact.v3 import generators, matching_rules, provider_states

VERSION = "4.0"

_LISTS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-expose-headers",
        "access-control-request-headers",
        "allow",
        "cache-control",
        "if-match",
        "if-none-match",
        "vary",
    }
)
"""Headers that the Pact tools split at commas where they receive them, and compare value by value."""


def interaction(each: Interaction, document: PactDocument, report: ReportFinding) -> dict[str, Any]:
    """One interaction of a V4 pact."""
    request: dict[str, Any] = {"method": each.method, "path": each.path}
    if each.query:
        request["query"] = {name: list(values) for name, values in each.query}
    request |= _message(each.request, report)
    response = {"status": each.status} | _message(each.response, report)
    written: dict[str, Any] = {"type": "Synchronous/HTTP", "description": each.description, "pending": False}
    if each.states:
        written["providerStates"] = provider_states(each)
    written |= {"request": request, "response": response}
    if document.comments and each.tests:
        written["comments"] = {"text": list(each.tests)}
    return written


def _message(message: Message, report: ReportFinding) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if message.headers:
        written["headers"] = {name: _listed(name, values) for name, values in message.headers}
    if message.body is not None:
        written["body"] = _body(message.body)
    if rules := matching_rules(message, 4, report):
        written["matchingRules"] = rules
    return written | generators(message)


def _listed(name: str, values: Sequence[str]) -> list[str]:
    return [each.strip() for value in values for each in value.split(",")] if name in _LISTS else list(values)


def _body(body: PactBody) -> dict[str, Any]:
    if body.kind == "binary":
        content = base64.b64encode(body.value).decode()
        return {"content": content, "contentType": body.content_type, "encoded": "base64"}
    if (value := body.value) is None:
        return {"content": "null", "contentType": body.content_type, "encoded": "json"}
    return {"content": value, "contentType": body.content_type, "encoded": False}
