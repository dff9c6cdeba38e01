"""Generators: the Pact tools replace recorded values by the current time, or by a value from a provider state.

Without a generator, a verifier sends the recorded value. Specification 2 has no generators.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeAlias
from urllib.parse import unquote

from interceptor.pact.document import Generator, Interaction, Message, NamedValues
from interceptor.pact.rules import RulePart, is_addressable
from interceptor.values.exchange import ProviderState
from interceptor.values.json_text import Json
from interceptor.values.mask import MASK
from interceptor.values.place import Steps, children, find, parse_path, spell_path

_PARAMETER = re.compile(r"\w+", re.ASCII)
_UNNAMED = re.compile(r"[^a-z0-9]")

Parameters: TypeAlias = Mapping[str, str | int]
"""The parameters of an interaction's states that are ids by their form, each value under one name only."""


def timestamp_generators(
    timestamps: Iterable[Generator], message: Message, query: NamedValues
) -> tuple[Generator, ...]:
    """The generators of times at places of a single value, for which the handler declares no form."""
    body = message.body
    declared = {(rule.part, rule.at) for rule in message.rules}
    ruled: set[Steps] = set()
    if body is not None and body.kind == "json":
        ruled = {steps for part, at in declared if part == "body" for steps, _ in find(body.value, parse_path(at))}
    values = {"header": dict(message.headers), "query": dict(query)}

    def stands(each: Generator) -> bool:
        if each.part == "body":
            steps = parse_path(each.at)
            return body is not None and body.kind == "json" and bool(steps) and steps not in ruled
        return len(values[each.part][each.at]) == 1 and (each.part, each.at) not in declared

    return tuple(sorted(filter(stands, timestamps), key=lambda each: (each.part, each.at)))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A value that may be a parameter of a state, and its name."""

    part: RulePart
    at: str
    name: str
    value: str | int

    def called(self, parameter: str) -> bool:
        """True if the names agree, as `productId` and `product-id` do."""
        return _plain(self.name) == _plain(parameter)


def with_states(interaction: Interaction) -> Interaction:
    """The interaction with generators for the state's parameters: for the 10 of `/products/10` if there is `id: "10"`.

    Responses get none: there the tools compare with the recorded value.
    """
    parameters = _parameters(interaction.states)
    if not parameters:
        return interaction
    request = interaction.request
    generators = (*_path(interaction.path, parameters), *_tied(request, interaction.query, parameters))
    return replace(interaction, request=replace(request, generators=(*request.generators, *generators)))


def _parameters(states: Sequence[ProviderState]) -> Parameters:
    names: dict[str, set[str]] = defaultdict(set)
    values: dict[str, set[str | int]] = defaultdict(set)
    for state in states:
        for name, value in state.params.items():
            if isinstance(value, str | int) and not isinstance(value, bool) and value not in ("", MASK):
                names[str(value)].add(name)
                values[name].add(value)
    return {
        name: next(iter(found))
        for name, found in sorted(values.items())
        if _PARAMETER.fullmatch(name) and len(found) == 1 and len(names[str(next(iter(found)))]) == 1
    }


def _path(path: str, parameters: Parameters) -> Iterator[Generator]:
    segments = path.split("/")
    for name, value in parameters.items():
        places = [index for index, segment in enumerate(segments) if unquote(segment) == str(value)]
        if len(places) == 1:
            segments[places[0]] = f"${{{name}}}"
    expression = "/".join(segments)
    if expression != path and "${" not in path:
        yield Generator("path", "", "ProviderState", expression)


def _tied(message: Message, query: NamedValues, parameters: Parameters) -> list[Generator]:
    """The places whose whole value is a parameter's; if one part has several, those with its name."""
    found = []
    for part, candidates in groupby(_candidates(message, query), key=lambda each: each.part):
        known = list(candidates)
        for name, parameter in parameters.items():
            same = [each for each in known if each.value == (parameter if part == "body" else str(parameter))]
            for each in same if len(same) == 1 else [each for each in same if each.called(name)]:
                kind: Literal["STRING", "INTEGER"] = "INTEGER" if isinstance(each.value, int) else "STRING"
                found.append(Generator(part, each.at, "ProviderState", f"${{{name}}}", kind))
    return sorted(found, key=lambda each: (each.part, each.at))


def _candidates(message: Message, query: NamedValues) -> Iterator[_Candidate]:
    """Part by part."""
    for name, values in query:
        if len(values) == 1:
            yield _Candidate("query", name, name, values[0])
    for name, values in message.headers:
        if len(values) == 1:
            yield _Candidate("header", name, name, values[0])
    if message.body is not None and message.body.kind == "json":
        yield from _leaves(message.body.value, ())


def _leaves(value: Json, steps: Steps) -> Iterator[_Candidate]:
    if isinstance(value, dict | list):
        for step, member in children(value):
            yield from _leaves(member, (*steps, step))
    elif isinstance(value, str | int) and not isinstance(value, bool) and steps and is_addressable(steps):
        yield _Candidate("body", spell_path(steps), str(steps[-1]), value)


def _plain(name: str) -> str:
    return _UNNAMED.sub("", name.lower())
