"""Specification 3: https://github.com/pact-foundation/pact-specification/tree/version-3"""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from interceptor.pact.document import Interaction, Message, PactDocument, ReportFinding, example, joined
from interceptor.pact.rules import Rule
from interceptor.pact.written_rules import written
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json
from interceptor.values.media_types import media_type

VERSION = "3.0.0"


def interaction(each: Interaction, _document: PactDocument, report: ReportFinding) -> dict[str, Any]:
    """One interaction of a V3 pact."""
    request: dict[str, Any] = {"method": each.method, "path": each.path}
    if each.query:
        request["query"] = {name: list(values) for name, values in each.query}
    request |= message(each.request, report)
    if rules := matching_rules(each.request, 3, report):
        request["matchingRules"] = rules
    request |= generators(each.request)
    response = {"status": each.status} | message(each.response, report)
    if rules := matching_rules(each.response, 3, report):
        response["matchingRules"] = rules
    response |= generators(each.response)
    result: dict[str, Any] = {"description": each.description}
    if each.states:
        result["providerStates"] = provider_states(each)
    return result | {"request": request, "response": response}


def provider_states(each: Interaction) -> list[dict[str, Json]]:
    """The states with their parameters, as V3 and V4 write them."""
    return [
        {"name": state.name, "params": dict(state.params)} if state.params else {"name": state.name}
        for state in each.states
    ]


def message(each: Message, report: ReportFinding) -> dict[str, Any]:
    """Headers and body, the same in V2 and V3."""
    result: dict[str, Any] = {}
    if each.headers:
        result["headers"] = joined(each.headers)
    body = each.body
    if body is None:
        return result
    value = body.value
    if body.kind == "json" and value is None:
        # `"body": null` means an empty body there.
        message = "only specification 4 can express a body that is JSON's null; it is left out"
        report(Finding("body.null.unsupported", message))
        return result
    if body.kind == "binary" and _is_read_as_text(body.content_type):
        message = "only specification 4 can express text that is not UTF-8; the body is left out"
        report(Finding("body.charset.unsupported", message))
        return result
    return result | {"body": base64.b64encode(value).decode() if body.kind == "binary" else value}


def _is_read_as_text(content_type: str) -> bool:
    """Whether the Pact tools take a body of this type literally, where they decode the base64 of others."""
    kind = media_type(content_type)
    return kind.type == "text" or kind.is_form or kind.is_xml


def matching_rules(each: Message, specification: int, report: ReportFinding) -> dict[str, Any]:
    """The rules of a message by part, as V3 and V4 write them."""
    parts: dict[str, Any] = {}
    for rule in each.rules:
        form = written(rule, specification, partial(example, each))
        if form is None:
            report(unsaid(rule, specification))
            continue
        matchers = {"combine": "AND", "matchers": [form]}
        if rule.part in {"path", "status"}:
            parts[rule.part] = matchers
        else:
            parts.setdefault(rule.part, {})[rule.at] = matchers
    return parts


def generators(each: Message) -> dict[str, Any]:
    """The generators of a message by part, as V3 and V4 write them: a member, or nothing."""
    parts: dict[str, Any] = {}
    for generator in each.generators:
        if generator.kind == "ProviderState":
            form = {"type": generator.kind, "expression": generator.value, "dataType": generator.data_type}
        else:
            form = {"type": generator.kind, "format": generator.value}
        if generator.part == "path":
            parts["path"] = form
        else:
            parts.setdefault(generator.part, {})[generator.at] = form
    return {"generators": parts} if parts else {}


def unsaid(rule: Rule, specification: int) -> Finding:
    """The finding about a rule that a specification cannot say."""
    message = f"specification {specification} cannot express the rule {rule.kind} at {rule.place}; it is left out"
    return Finding("rule.unsupported", message, place=rule.place)
