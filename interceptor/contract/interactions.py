"""Turns exchanges into interactions: select, normalise, pin, name. The result is the same in every run.

Exchanges are taken one at a time and collapsed at once, so that memory grows with the number of distinct ones, not
with the size of the recording.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from interceptor.contract.constants import with_constants
from interceptor.contract.generators import with_states
from interceptor.contract.normalise import (
    HeaderPolicy,
    boundary_pattern,
    default_description,
    is_multipart,
    normalise,
    unique,
)
from interceptor.contract.pinning.group import MOST_GATHERED, Group, SharedValues, Slots, ValueOrigin
from interceptor.contract.pinning.pin import Extracted, KnownValues, Skeleton, extract, pin
from interceptor.pact.document import Interaction, Message, digest
from interceptor.pact.inferred_rules import collapsed, inferred
from interceptor.pact.rules import Rule
from interceptor.values.exchange import Exchange, Outcome
from interceptor.values.exclusion import Exclusion
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class ContractPolicy:
    """Which of the recorded traffic becomes part of a contract, and in which form."""

    passed: bool = False
    """Include responses of real providers (`record: all`)."""
    exclusion: Exclusion = field(default_factory=Exclusion)
    """URL globs."""
    inclusion: Exclusion = field(default_factory=lambda: Exclusion(["*"]))
    """URL globs of which one has to match."""
    matching: Literal["types", "none"] = "types"
    one_per_shape: bool = False
    states_by_name: bool = False
    """True if states are distinguished by name only, as in specification 2."""
    kept: HeaderPolicy = field(default_factory=HeaderPolicy)
    documented: Callable[[Exchange], HeaderPolicy] | None = None
    """The headers that the provider's document names, for an exchange."""

    def kept_of(self, exchange: Exchange) -> HeaderPolicy:
        """The headers of an exchange that are kept whatever its handler declares."""
        if self.documented is None:
            return self.kept
        documented = self.documented(exchange)
        return self.kept.and_also(documented.request, documented.response)


def is_selected(exchange: Exchange, policy: ContractPolicy) -> bool:
    """True if an exchange belongs in a contract at all."""
    if exchange.response is None or exchange.metadata.provider is None or not exchange.metadata.record:
        return False
    if exchange.metadata.websocket is not None:
        return False
    if exchange.outcome is not Outcome.MOCKED and not (policy.passed and exchange.outcome is Outcome.PASSED):
        return False
    request = exchange.request
    if request.method.upper() == "OPTIONS" and request.header("access-control-request-method") is not None:
        return False
    return policy.inclusion.covers(request.url) and not policy.exclusion.covers(request.url)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one exchange was turned into."""

    extracted: Extracted
    repeat: Callable[[Slots, str], None]
    """Takes an exchange that differs from this one only in the values of its slots and in its time."""


_NEVER_PINNED = "00000000-0000-4000-8000-000000000000"


class Collector:
    """Collects the interactions of one consumer and one provider."""

    def __init__(self, policy: ContractPolicy) -> None:
        self._policy = policy
        self._groups: dict[bytes, Group] = {}
        self._shared = SharedValues()
        self._gathered = 0
        self._literal = {_NEVER_PINNED}
        self._known: KnownValues = {}
        self._findings: set[Finding] = set()

    def add(self, exchange: Exchange) -> Taken:
        """Take one exchange."""
        exchange = with_constants(exchange)
        normalised = normalise(exchange, self._policy.kept_of(exchange))
        self._findings.update(normalised.findings)
        extracted = extract(normalised.interaction, exchange, self._known)
        self._literal |= extracted.literal
        skeleton = extracted.skeleton
        key = skeleton.digest
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(skeleton, extracted.forms)
        else:
            group.skeleton = min(group.skeleton, skeleton, key=Interaction.canonical)
        repeat = partial(self._gather, group, (exchange.metadata.test or "", exchange.metadata.handler or ""))
        repeat(extracted.slots, exchange.at)
        return Taken(extracted, repeat)

    def _gather(self, group: Group, origin: ValueOrigin, slots: Slots, at: str) -> None:
        self._gathered += group.gather(slots, at, origin)
        if self._gathered >= MOST_GATHERED:
            self._settle()

    def _settle(self) -> None:
        self._shared.settle(self._groups.values(), self._literal)
        self._gathered = 0

    def interactions(self) -> tuple[tuple[Interaction, ...], tuple[Finding, ...]]:
        """The interactions in their final order, and findings about them."""
        self._settle()
        merged = _merged(map(self._completed, pin(self._skeletons(), rules=self._policy.matching == "types")))
        if self._policy.one_per_shape:
            merged = _one_per_shape(merged)
        named, findings = _named(merged, states_by_name=self._policy.states_by_name)
        ordered = tuple(_ordered(named))
        found = {*self._findings, *findings, *_ambiguous(ordered)}
        return ordered, tuple(sorted(found, key=lambda finding: (finding.code, finding.message, str(finding.handler))))

    def _skeletons(self) -> Iterator[Skeleton]:
        """Each group once per choice of literals, in an order that depends only on the content."""
        for key in sorted(self._groups):
            group = self._groups.pop(key)  # nothing is gathered after this, and what is done need not be kept
            for literals in sorted(group.variants, key=repr):
                variant = group.variants[literals]
                tests, handlers = (tuple(sorted({pair[side] for pair in variant.origins} - {""})) for side in (0, 1))
                interaction = group.skeleton.made_by(tests, handlers)
                yield Skeleton(interaction, group.forms, literals, variant.places)

    def _completed(self, interaction: Interaction) -> Interaction:
        """The interaction with inferred rules and generators, and a description."""
        request, response = interaction.request, interaction.response
        of_request: Iterable[Rule] = ()
        of_response: Iterable[Rule] = ()
        if self._policy.matching == "types":
            if response.body is not None and response.body.kind == "json":
                of_response = inferred(response.body.value)
            if request.body is not None and is_multipart(request.body):
                of_request = [Rule("header", "content-type", "regex", boundary_pattern(request.body.content_type))]
        completed = Interaction(
            interaction.method,
            interaction.path,
            _with_rules(request, of_request),
            interaction.status,
            _with_rules(response, of_response),
            interaction.query,
            interaction.description or default_description(interaction),
            interaction.states,
            interaction.tests,
            interaction.handlers,
            interaction.masked,
            interaction.pinned,
            interaction.left_out,
        )
        return with_states(completed) if self._policy.matching == "types" else completed


def _with_rules(message: Message, rules: Iterable[Rule]) -> Message:
    if message.exact:
        return message
    every, body = [*message.rules, *rules], message.body
    if not every:
        return message
    known = unique(every)
    if body is not None and body.kind == "json":
        known = collapsed(known, body)
    return replace(message, rules=known)


def _merged(interactions: Iterable[Interaction]) -> list[Interaction]:
    """Each content once, with the tests and handlers of all that have it."""
    alike: dict[Any, list[Interaction]] = defaultdict(list)
    for each in interactions:
        alike[each.method, each.path, each.query, each.status, each.description].append(each)
    return [one for group in alike.values() for one in (group if len(group) == 1 else _same_merged(group))]


def _same_merged(interactions: Iterable[Interaction]) -> list[Interaction]:
    merged: dict[bytes, Interaction] = {}
    for each in interactions:
        key = each.digest
        other = merged.setdefault(key, each)
        if other is not each:
            merged[key] = replace(
                min(each, other, key=Interaction.canonical),
                tests=tuple(sorted({*each.tests, *other.tests})),
                handlers=tuple(sorted({*each.handlers, *other.handlers})),
            )
    return list(merged.values())


def _one_per_shape(interactions: list[Interaction]) -> list[Interaction]:
    """Of a handler's interactions that differ only in values, the first one in the order of the pact."""
    chosen: dict[bytes, Interaction] = {}
    for each in _ordered(interactions):
        chosen.setdefault(digest(_shape(each)), each)
    return list(chosen.values())


def _ordered(interactions: Iterable[Interaction]) -> list[Interaction]:
    """By description, and by content where two share one; that of the others need not be looked at."""
    by_description: dict[str, list[Interaction]] = defaultdict(list)
    for each in interactions:
        by_description[each.description].append(each)
    groups = (by_description[description] for description in sorted(by_description))
    return [one for group in groups for one in (group if len(group) == 1 else sorted(group, key=_digest))]


def _digest(each: Interaction) -> bytes:
    return each.digest


_ADDED_BY = re.compile(r', added by ".*', re.DOTALL)
"""Tests that add a like handler get like responses."""


def _shape(each: Interaction) -> Any:
    bodies = [
        None if m.body is None else [m.body.content_type, _types(m.body.value)] for m in (each.request, each.response)
    ]
    return [
        sorted({_ADDED_BY.sub("", handler) for handler in each.handlers}) or each.path,
        each.method,
        each.status,
        [state.name for state in each.states],
        [name for name, _ in each.query],
        [name for name, _ in each.request.headers],
        bodies,
    ]


def _types(value: Json) -> Any:
    match value:
        case dict():
            return {name: _types(member) for name, member in value.items()}
        case list():
            return sorted({repr(_types(element)) for element in value})
        case bool() | None:
            return repr(type(value))
        case int() | float():
            return "number"
    return type(value).__name__


def _named(interactions: Iterable[Interaction], *, states_by_name: bool) -> tuple[list[Interaction], list[Finding]]:
    """The interactions with descriptions that are unique together with the states."""
    by_name: Mapping[Any, list[Interaction]] = defaultdict(list)
    for each in interactions:
        states = [state.name if states_by_name else (state.name, digest(dict(state.params))) for state in each.states]
        by_name[each.description, tuple(states)].append(each)
    named, findings = [], []
    for (description, _), group in by_name.items():
        if len(group) == 1:
            named += group
            continue
        named += [replace(each, description=f"{description} ({each.digest.hex()[:8]})") for each in group]
        message = f'{len(group)} different interactions are named "{description}"{_by(group)}; name each differently'
        findings.append(Finding("interaction.description.ambiguous", message, handler=_first_handler(group)))
    return named, findings


def _ambiguous(interactions: Iterable[Interaction]) -> Iterable[Finding]:
    by_target: Mapping[Any, list[tuple[int, Interaction]]] = defaultdict(list)
    for index, each in enumerate(interactions):
        by_target[each.method, each.path, each.query].append((index, each))
    by_request: Mapping[bytes, list[tuple[int, Interaction]]] = defaultdict(list)
    for alike in by_target.values():
        if len(alike) > 1:
            for index, each in alike:
                by_request[each.request_key()].append((index, each))
    for group in by_request.values():
        if len(group) > 1:
            index, first = group[0]
            answers = " and ".join(sorted({str(each.status) for _, each in group}))
            message = (
                f"{first.method} {first.path} has {len(group)} different responses ({answers}) in one provider state"
                f"{_by(each for _, each in group)}; {_advice([each for _, each in group])}"
            )
            handler = _first_handler([each for _, each in group])
            yield Finding("interaction.answers.ambiguous", message, interaction=index, handler=handler)


def _advice(group: list[Interaction]) -> str:
    """What to do about different responses to one request: name the headers that differ, or say when each is given."""
    kept = {name for name, _ in group[0].request.headers}
    names = sorted({name for each in group for name, _ in each.left_out} - kept)
    differing = [name for name in names if len({dict(each.left_out).get(name) for each in group}) > 1]
    given = "tell them apart with `given`, or leave one out with `record: false`"
    if not differing:
        return given
    shown = ", ".join(f'"{name}"' for name in differing[:3])
    part = "`cookies`" if differing == ["cookie"] else "`headers`"
    return f"the requests differ in the header {shown}: name it in {part} of the handler's request, or {given}"


def _by(group: Iterable[Interaction]) -> str:
    handlers = sorted({handler for each in group for handler in each.handlers})
    return f" ({', '.join(handlers)})" if handlers else ""


def _first_handler(group: Iterable[Interaction]) -> str | None:
    return min((handler for each in group for handler in each.handlers), default=None)
