"""Interactions that differ from those of the pact on disk in nothing but values, as random test data makes them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from interceptor.pact.losses import InteractionJson, identity
from interceptor.values.json_text import Json


def outline(interaction: InteractionJson) -> str:
    """What two interactions share that differ in values only: members and types of both messages, rules, states."""
    request, response = interaction.get("request") or {}, interaction.get("response") or {}
    states = interaction.get("providerStates") or interaction.get("providerState") or []
    query = request.get("query") or {}
    return json.dumps(
        [
            str(request.get("method")).upper(),
            len(str(request.get("path")).split("/")),
            sorted(query) if isinstance(query, dict) else sorted(each.partition("=")[0] for each in query.split("&")),
            [each["name"] for each in states] if isinstance(states, list) else states,
            response.get("status"),
            *(_of_message(each) for each in (request, response)),
        ],
        sort_keys=True,
    )


def _of_message(message: Mapping[str, Any]) -> list[Json]:
    return [sorted(message.get("headers") or {}), _types(message.get("body")), message.get("matchingRules")]


def _types(value: Json) -> Json:
    match value:
        case dict():
            return {name: _types(member) for name, member in value.items()}
        case list():
            return sorted({json.dumps(_types(element), sort_keys=True) for element in value})
        case bool():
            return "boolean"
        case int() | float():
            return "number"
    return type(value).__name__


class Counterparts:
    """Finds what a pact on disk has in the place of new interactions.

    Args:
        present: the interactions on disk.
        new: all new ones; what has its own counterpart by name and states is nobody else's.
    """

    def __init__(self, present: Iterable[InteractionJson], new: Iterable[InteractionJson]) -> None:
        self._by_identity = {identity(each): each for each in present}
        named = {identity(each) for each in new}
        self._others: dict[str, list[InteractionJson]] = defaultdict(list)
        for name, each in self._by_identity.items():
            if name not in named:
                self._others[outline(each)].append(each)

    def of(self, interaction: InteractionJson) -> InteractionJson | None:
        """The interaction on disk that differs in values only, or not at all; each is given once."""
        same = self._by_identity.get(identity(interaction))
        like = outline(interaction)
        if same is not None:
            return same if outline(same) == like else None
        candidates = self._others[like]
        found = next((each for each in candidates if _is_near(each, interaction)), None)
        if found is not None:
            candidates.remove(found)
        return found


def _is_near(one: InteractionJson, other: InteractionJson) -> bool:
    """True where at most one segment of the paths differs, and both came from one test as far as they say."""
    paths = [str(each["request"].get("path")).split("/") for each in (one, other)]
    tests = [_tests(each) for each in (one, other)]
    differing = sum(first != second for first, second in zip(*paths, strict=True))
    return differing <= 1 and (not all(tests) or bool(tests[0] & tests[1]))


def _tests(interaction: InteractionJson) -> set[str]:
    """The tests that version 4 names, where the project wants that."""
    comments = interaction.get("comments") or {}
    text = comments.get("text") if isinstance(comments, dict) else None
    return {str(each) for each in text} if isinstance(text, list) else set()


def with_kept_examples(present: Iterable[InteractionJson], new: Iterable[InteractionJson]) -> list[dict[str, Any]]:
    """The new interactions, with the examples on disk wherever those have the same members and types."""
    fresh = [dict(each) for each in new]
    counterparts = Counterparts(present, fresh)
    chosen: dict[str, dict[str, Any]] = {}
    for each in fresh:
        kept = counterparts.of(each)
        comments = {"comments": each["comments"]} if "comments" in each else {}
        one = each if kept is None else {**kept, **comments}
        chosen[identity(one)] = one
    return sorted(chosen.values(), key=lambda each: (each["description"], identity(each)))
