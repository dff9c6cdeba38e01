"""Specification 2: https://github.com/pact-foundation/pact-specification/tree/version-2"""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from interceptor.pact.document import Interaction, Message, PactDocument, ReportFinding, example
from interceptor.pact.rules import Rule
from interceptor.pact.v3 import message, unsaid
from interceptor.pact.written_rules import written

VERSION = "2.0.0"

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")


def interaction(each: Interaction, _document: PactDocument, report: ReportFinding) -> dict[str, Any]:
    """One interaction of a V2 pact."""
    request: dict[str, Any] = {"method": each.method, "path": each.path}
    if each.query:
        pairs = [(name, value) for name, values in each.query for value in values]
        request["query"] = urlencode(pairs, quote_via=quote)
    request |= message(each.request, report)
    if rules := _rules(each.request, report):
        request["matchingRules"] = rules
    response = {"status": each.status} | message(each.response, report)
    if rules := _rules(each.response, report):
        response["matchingRules"] = rules
    result: dict[str, Any] = {"description": each.description}
    if each.states:
        result["providerState"] = " and ".join(state.name for state in each.states)
    return result | {"request": request, "response": response}


def _rules(each: Message, report: ReportFinding) -> dict[str, Any]:
    rules = {}
    for rule in each.rules:
        form, place = written(rule, 2, partial(example, each)), _place(rule)
        if rule.kind == "null":
            continue  # An example of null says it already.
        if form is None or place is None:
            report(unsaid(rule, 2))
        else:
            rules[place] = form
    return rules


def _place(rule: Rule) -> str | None:
    """Where V2 writes a rule; None for names that its paths cannot address."""
    match rule.part:
        case "body":
            return f"$.body{rule.at[1:]}"
        case "path":
            return "$.path"
        case "header" if _NAME.match(rule.at):
            return f"$.headers.{rule.at}"  # the key of a message; pact-ruby passes over `$.header`
        case "query" if _NAME.match(rule.at):
            return f"$.query.{rule.at}[*]"  # pact-ruby holds lists of values, and fails at a rule for such a list
    return None
