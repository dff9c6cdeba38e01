"""What a pact says about each place of a request or a response: an example, and the rules that it stands under."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from interceptor.pact.read import Matcher, PactInteraction, PactMessage
from interceptor.values.json_text import Json
from interceptor.values.patterns import Pattern, SlowPatternError
from interceptor.values.place import ROOT, Steps, below, find, parse_path

_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "decimal": (float,),
    "number": (int, float),
    "boolean": (bool,),
}
"""What each rule of a type accepts, among the values that JSON has."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An example and its rules; without rules the example itself is expected."""

    example: Json
    rules: tuple[Mapping[str, Json], ...] = ()

    def written(self) -> str:
        """Both as text in one and only one form; 1, 1.0 and true are three examples."""
        return json.dumps([self.example, list(self.rules)], sort_keys=True)

    def accepts(self, value: Json) -> bool:
        """Whether a value is surely one that these rules allow."""
        if not self.rules:
            return Expectation(value).written() == self.written()
        return all(_accepts(rule, self, value) for rule in self.rules)


def is_same(before: Expectation, after: Expectation) -> bool:
    """Whether both accept the same, as far as rules show that; the examples may differ."""
    if before.rules != after.rules:
        return False
    only_type = any(rule.get("match") == "type" for rule in after.rules)
    return after.rules != () and (not only_type or _kind(before.example) == _kind(after.example))


def is_looser(before: Expectation, after: Expectation) -> bool:
    """Whether every value that was accepted surely still is."""
    if not before.rules:
        return after.accepts(before.example)
    if _kind(before.example) != _kind(after.example):
        return False
    return all(any(_bounds(old, new) for old in before.rules) for new in after.rules) and bool(after.rules)


def request_parts(interaction: PactInteraction) -> dict[str, Expectation]:
    """Everything that a provider is asked, by place; rules do not count, since the example is what is sent."""
    found = {"method": Expectation(interaction.method), "path": Expectation(interaction.path)}
    found |= {f"query.{name}": Expectation(values) for name, values in interaction.query.items()}
    sent = interaction.request
    found |= {f"headers.{name}": Expectation(", ".join(values)) for name, values in sent.headers.items()}
    if sent.has_body:
        found |= {f"body.{place}": each for place, each in _nodes(sent.body, {}, ROOT, ())}
    return {f"request.{place}": each for place, each in found.items()}


def response_parts(interaction: PactInteraction) -> dict[str, Expectation]:
    """Everything that a provider has to give, by place."""
    given = interaction.response
    found = {"status": Expectation(interaction.status, _rules_of(given, "status", ""))}
    for name, values in given.headers.items():
        found[f"headers.{name}"] = Expectation(", ".join(values), _rules_of(given, "header", name))
    if given.has_body:
        ruled = _ruled(given)
        found |= {f"body.{place}": each for place, each in _nodes(given.body, ruled, ROOT, ())}
    return {f"response.{place}": each for place, each in found.items()}


def _nodes(
    value: Json, ruled: Mapping[Steps, list[Matcher]], place: str, steps: Steps
) -> Iterator[tuple[str, Expectation]]:
    """The leaves, the arrays by their length, and the objects that have nothing in them.

    Of an array that has rules the first element speaks for all, and its length does not count.
    """
    rules = _effective(ruled, steps)
    match value:
        case dict() if value:
            for name, member in value.items():
                yield from _nodes(member, ruled, below(place, name), (*steps, name))
        case list() if value:
            yield place, Expectation([] if rules else [None] * len(value), rules)
            for index, element in enumerate(value[:1] if rules else value):
                yield from _nodes(element, ruled, below(place, index), (*steps, index))
        case _:
            yield place, Expectation(value, rules)


def _ruled(message: PactMessage) -> dict[Steps, list[Matcher]]:
    """The matchers of a body by the places that they stand at."""
    found: dict[Steps, list[Matcher]] = {}
    for matcher in message.matchers:
        if matcher.part == "body":
            try:
                path = parse_path(matcher.at)
            except ValueError:
                continue
            for steps, _ in find(message.body, path):
                found.setdefault(steps, []).append(matcher)
    return found


def _effective(ruled: Mapping[Steps, list[Matcher]], steps: Steps) -> tuple[Mapping[str, Json], ...]:
    """The rules at a place, or those that cascade from the nearest place above it; bounds do not cascade."""
    if own := ruled.get(steps):
        return tuple(matcher.form for matcher in own)
    for length in range(len(steps) - 1, -1, -1):
        if above := ruled.get(steps[:length]):
            return tuple({"match": "type"} for matcher in above if matcher.form.get("match") == "type")[:1]
    return ()


def _rules_of(message: PactMessage, part: str, at: str) -> tuple[Mapping[str, Json], ...]:
    """The rules of a header or of the status; specification 2 calls the part `headers`, and may quote the name."""
    own = (each for each in message.matchers if each.part in {part, f"{part}s"})
    return tuple(each.form for each in own if each.at.strip("[]'\"").lower() == at)


def _accepts(rule: Mapping[str, Json], expected: Expectation, value: Json) -> bool:
    kind = rule.get("match", "regex" if "regex" in rule else "type")
    if kind == "type":
        bounds = range(rule.get("min", 0), rule.get("max", 10**9) + 1)
        return _kind(value) == _kind(expected.example) and (not isinstance(value, list) or len(value) in bounds)
    if kind in _TYPES:
        return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if kind == "include":
        return str(rule.get("value")) in str(value)
    if kind == "regex":
        try:
            return Pattern(str(rule["regex"])).fullmatch(str(value)) is not None
        except (re.error, SlowPatternError):
            return False
    return kind == "notEmpty" and value not in ("", [], {}, None)


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a rule allows all that another one did: the same, with bounds that are wider or gone."""
    if {name: old[name] for name in old if name not in {"min", "max"}} != {
        name: new[name] for name in new if name not in {"min", "max"}
    }:
        return old.get("match") in _TYPES and new.get("match") in {"type", "number"}
    lowest, highest = new.get("min", 0), new.get("max", float("inf"))
    return bool(lowest <= old.get("min", 0) and highest >= old.get("max", float("inf")))
