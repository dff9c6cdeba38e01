"""The rules that a JSON body has of itself, and one rule in the place of the same for every element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from interceptor.pact.document import PactBody
from interceptor.pact.rules import Rule, is_addressable
from interceptor.values.json_text import Json
from interceptor.values.place import Steps, Wild, find, parse_path, spell_path

_NESTED = (dict, list)
"""Asked about for every value; `dict | list` would be built anew each time."""
_NUMBERED = re.compile(r"\[\d")
"""In the path of every rule for one element of an array."""


def inferred(body: Json) -> Iterator[Rule]:
    """The rules of `matching: types` for a JSON body: `type` at the root, `min: 1` on every non-empty array.

    A null and an empty array get none: verifiers hold a null example to mean null, and an empty one to mean empty,
    unless a rule further up says otherwise. So `type` stands below all objects with an empty array in them.
    """
    yield from _types(body, ())
    if not isinstance(body, dict | list):
        return
    lengths: dict[str, int] = {}
    _measure(body, "$", lengths)
    for at, least in lengths.items():
        if least:
            yield Rule("body", at, "each", (1, None))


def _types(value: Json, steps: Steps) -> Iterator[Rule]:
    if isinstance(value, dict) and _has_empty(value):
        for name, member in value.items():
            if is_addressable((name,)):
                yield from _types(member, (*steps, name))
    elif value is not None and not isinstance(value, list):
        yield Rule("body", spell_path(steps), "type")


def _has_empty(value: Json) -> bool:
    """Whether there is an empty array in objects below objects; what arrays hold has a rule of theirs above it."""
    return value == [] or (isinstance(value, dict) and any(map(_has_empty, value.values())))


def _measure(value: Json, at: str, lengths: dict[str, int]) -> None:
    """Note the least length of the arrays at each place."""
    if isinstance(value, list):
        lengths[at] = min(len(value), lengths.get(at, len(value)))
        for element in value:
            if isinstance(element, _NESTED):
                _measure(element, f"{at}[*]", lengths)
    else:
        for name, member in value.items():
            if isinstance(member, _NESTED) and is_addressable((name,)):
                _measure(member, at + spell_path((name,))[1:], lengths)


def collapsed(rules: Iterable[Rule], body: PactBody) -> tuple[Rule, ...]:
    """The rules of a JSON body with one `[*]` in the place of the same rule for every element of an array."""
    rules = tuple(rules)
    if not any(_NUMBERED.search(rule.at) for rule in rules):
        return tuple(sorted(rules, key=lambda rule: (rule.part, rule.at)))
    groups: dict[tuple[str, str, Any], list[Rule]] = {}
    kept: list[Rule] = []
    for rule in rules:
        if rule.part == "body" and any(isinstance(step, int) for step in parse_path(rule.at)):
            groups.setdefault((_every(rule.at), rule.kind, rule.value), []).append(rule)
        else:
            kept.append(rule)
    whole = body.value
    declared = {rule.at for rule in kept if rule.part == "body"}
    for (at, kind, value), group in groups.items():
        everywhere = len(group) == sum(1 for _ in find(whole, parse_path(at)))
        if not everywhere:
            kept += group
        elif at not in declared:
            kept.append(Rule("body", at, kind, value))
    return tuple(sorted(kept, key=lambda rule: (rule.part, rule.at)))


def _every(at: str) -> str:
    return spell_path([Wild.EACH if isinstance(step, int) else step for step in parse_path(at)])
