"""What a new pact adds, changes and removes, beside the one that is there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

InteractionJson: TypeAlias = Mapping[str, Any]
StillAnswered: TypeAlias = Callable[[str, str, str], str | None]
"""What answers a request of a provider still: `("Product API", "GET", "/products/11?full=1")` -> a remark about it."""


@dataclass(frozen=True, slots=True)
class PactChange:
    """The difference between two pacts of one consumer and provider."""

    added: int
    changed: int
    removed: tuple[InteractionJson, ...]
    in_values_only: tuple[str, ...] = ()
    """The descriptions of those that are new or changed in values alone, as random test data makes them."""

    @property
    def is_any(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def __str__(self) -> str:
        return f"+{self.added} ~{self.changed} -{len(self.removed)}"


def identity(interaction: InteractionJson) -> str:
    """What tells interactions of a pact apart: description and provider states."""
    states = interaction.get("providerStates") or interaction.get("providerState") or []
    return json.dumps([interaction["description"], states], sort_keys=True)


class Changes:
    """Finds out what became of the interactions of a pact, from the new ones, which are shown one after the other."""

    def __init__(self, old: Mapping[str, Any] | None) -> None:
        self._before = {identity(each): each for each in old["interactions"]} if old else {}
        self._is_new = not self._before
        self.count = 0
        """Of the new interactions."""
        self._fresh: Counter[tuple[str, str]] = Counter()
        self._changed = 0
        self.unlike: list[InteractionJson] = []
        """The new interactions that are not in the old pact as they are."""

    def see(self, each: InteractionJson) -> None:
        """Take note of a new interaction; no two have one identity."""
        self.count += 1
        if self._is_new:
            self._fresh["", ""] += 1
        elif (present := self._before.pop(identity(each), None)) is None:
            self._fresh[request_line(each)] += 1
            self.unlike.append(each)
        elif each != present:
            self._changed += 1
            self.unlike.append(each)

    def change(self) -> PactChange:
        """The difference, when all were seen; what has only another name, or other states, is a changed one."""
        removed, fresh = [], self._fresh.copy()
        for each in self._before.values():
            line = request_line(each)
            if fresh[line] > 0:
                fresh[line] -= 1
            else:
                removed.append(each)
        renamed = len(self._before) - len(removed)
        return PactChange(fresh.total(), self._changed + renamed, tuple(removed))


def request_line(interaction: InteractionJson) -> tuple[str, str]:
    """Method and target: `("GET", "/products?page=2")`; empty where it is no request."""
    request = interaction.get("request")
    if not isinstance(request, dict):
        return "", ""
    query = request.get("query") or ""
    if isinstance(query, dict):  # version 2 has text here
        query = urlencode(sorted(query.items()), doseq=True)
    path = str(request.get("path", ""))
    return str(request.get("method", "")).upper(), f"{path}?{query}" if query else path


def losses(provider: str, difference: PactChange, still_answered: StillAnswered) -> tuple[str, ...]:
    """The interactions that a pact would lose although something still answers them, as lines for people."""
    lines = []
    for each in difference.removed:
        remark = still_answered(provider, *request_line(each))
        if remark is not None:
            lines.append(f"- {each['description']} ({remark})")
    return tuple(lines)
