"""Volatile values -> constants of the same form, so that two runs of the same tests give the same pact.

`extract` takes the volatile values out of an interaction and leaves a skeleton with slots. Slots that share a value
belong to one class, wherever they are; a class is numbered by its first slot in the sorted skeletons, and the number
makes the constant. So neither the order of the exchanges nor the values themselves leave a trace.
A value that a handler's answer says literally stays what it is, in requests too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from urllib.parse import quote_plus, unquote_plus

from interceptor.contract.generators import for_moments
from interceptor.contract.normalise import is_multipart, unique
from interceptor.contract.volatile import TOKENS, constant, epoch_form, moment_format, pattern, volatile
from interceptor.journal.made import Made
from interceptor.jsonpath import parse_path, spell
from interceptor.messages import FORM_MEDIA_TYPE, Exchange, Json, ProviderState, media_type
from interceptor.pact.document import Body, Generator, Interaction, Message, Values
from interceptor.places import ROOT, below
from interceptor.rules import Rule, Side, escape, is_addressable

# Unicode guarantees that these never stand for a character.
_OPEN, _CLOSE, _NUMBER = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}{_NUMBER}]")
_SLOT = re.compile(f"{_OPEN}(.*?){_CLOSE}")

Rewrite: TypeAlias = Callable[[str, Json], Json]
"""Place and scalar -> scalar."""
Slots: TypeAlias = tuple[str, ...]
"""The volatile values of an interaction, in the order of its slots."""


def _rewritten(interaction: Interaction, rewrite: Rewrite) -> Interaction:
    """An interaction with every text and number of it rewritten, in one and the same order each time."""
    return replace(
        interaction,
        path=rewrite("request.path", interaction.path),
        query=tuple(
            (name, tuple(rewrite(below("request.query", name), value) for value in values))
            for name, values in interaction.query
        ),
        request=_message(interaction.request, "request", rewrite),
        response=_message(interaction.response, "response", rewrite),
        description=rewrite("description", interaction.description),
        states=tuple(
            ProviderState(rewrite("state", state.name), _json(dict(state.params), "state", rewrite))
            for state in interaction.states
        ),
    )


def _message(message: Message, side: Side, rewrite: Rewrite) -> Message:
    headers = tuple(
        (name, tuple(rewrite(f"{side}.headers.{name}", value) for value in values)) for name, values in message.headers
    )
    body = message.body
    if body is not None and body.kind == "json":
        body = Body("json", _json(body.value, f"{side}.{ROOT}", rewrite), body.content_type)
    elif body is not None and body.kind == "text":
        body = Body("text", _text(body, side, rewrite), body.content_type)
    return Message(headers, body, message.rules)


def _text(body: Body, side: Side, rewrite: Rewrite) -> Json:
    if media_type(body.content_type) != FORM_MEDIA_TYPE:
        return rewrite(f"{side}.parts" if is_multipart(body) else f"{side}.body", body.value)
    pieces = body.value.split("&")
    for index, piece in enumerate(pieces):
        name, equals, value = piece.partition("=")
        plain = unquote_plus(value)
        if (new := rewrite(below(f"{side}.form", unquote_plus(name)), plain)) != plain:
            pieces[index] = f"{name}{equals}{quote_plus(new)}"
    return "&".join(pieces)


def _json(value: Json, place: str, rewrite: Rewrite) -> Json:
    if isinstance(value, dict):
        # Visited by name, so that the order of the members is no content; kept, because people read it.
        members = {name: _json(value[name], below(place, name), rewrite) for name in sorted(value)}
        return {name: members[name] for name in value}
    if isinstance(value, list):
        return [_json(element, below(place, index), rewrite) for index, element in enumerate(value)]
    return value if value is None or isinstance(value, bool) else rewrite(place, value)


def _spans(text: str, at: str) -> Iterator[tuple[int, int, str]]:
    if (form := epoch_form(text, at)) is not None:
        yield 0, len(text), form
    else:
        yield from volatile(text)


@dataclass(slots=True)
class Extractor:
    """Takes volatile values out of interactions; `literal` gathers those that handlers say themselves."""

    literal: set[str] = field(default_factory=lambda: {"00000000-0000-4000-8000-000000000000"})

    def extract(self, interaction: Interaction, exchange: Exchange) -> tuple[Interaction, Slots, frozenset[str]]:
        """The interaction with slots in the place of its volatile values; the values; those that are literal."""
        made = Made(exchange)
        literal: set[str] = set()
        for text in exchange.literal:
            literal.update(text[start:end].lower() for start, end, _ in _spans(text, exchange.at))
        found: list[str] = []

        def take(place: str, value: Json) -> Json:
            text = _MARKS.sub("", str(value))
            plain = text if isinstance(value, str) else value
            spans = list(_spans(text, exchange.at))
            if not spans:
                return plain
            if place.startswith("response.") and not made.covers(place):
                literal.update(text[start:end].lower() for start, end, _ in spans)
                return plain
            # What names an interaction is no source of values, it repeats them.
            repeats = place.startswith(("description", "state"))
            pieces = [] if isinstance(value, str) else [_NUMBER]
            position = 0
            for start, end, form in spans:
                if repeats and text[start:end] not in found:
                    continue
                found.append(text[start:end])
                pieces += [text[position:start], _OPEN, form, _CLOSE]
                position = end
            return "".join([*pieces, text[position:]])

        skeleton = _rewritten(interaction, take)
        self.literal |= literal
        return skeleton, tuple(found), frozenset(literal)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An interaction with slots; `values` holds, per slot, the literal that stays there, or None where it varies."""

    interaction: Interaction
    values: tuple[str | None, ...]
    seen: frozenset[Slots]
    """The values of the slots in all exchanges that have this skeleton."""

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms of the slots, in their order."""
        found: list[str] = []

        def note(_place: str, value: Json) -> Json:
            if isinstance(value, str) and _OPEN in value:
                found.extend(_SLOT.findall(value))
            return value

        _rewritten(self.interaction, note)
        return tuple(found)


def pin(skeletons: Sequence[Skeleton], *, rules: bool) -> Iterable[Interaction]:
    """The interactions with constants in their slots.

    Args:
        skeletons: in an order that no run changes.
        rules: whether a rule for the form goes with each constant, and a generator with the times that occur once.
    """
    classes = _Classes()
    for index, skeleton in enumerate(skeletons):
        for slots in skeleton.seen:
            for slot, value in enumerate(slots):
                if skeleton.values[slot] is None:
                    classes.join((index, slot), value.lower())
    numbers: dict[Any, int] = {}
    numbered = [
        (
            skeleton,
            [
                0 if value is not None else numbers.setdefault(classes.root((index, slot)), len(numbers) + 1)
                for slot, value in enumerate(skeleton.values)
            ],
        )
        for index, skeleton in enumerate(_with_constant_tokens(skeletons, classes))
    ]
    counts = Counter(number for _, slot_numbers in numbered for number in slot_numbers)
    once = {number for number, count in counts.items() if count == 1}
    for skeleton, slot_numbers in numbered:
        yield _filled(skeleton, slot_numbers, once, rules=rules)


def _with_constant_tokens(skeletons: Sequence[Skeleton], classes: _Classes) -> Iterator[Skeleton]:
    """The skeletons with those tokens as literals that are the same wherever they are."""
    values: dict[Any, set[str]] = {}
    for index, skeleton in enumerate(skeletons):
        for slots in skeleton.seen:
            for slot, value in enumerate(slots):
                if skeleton.values[slot] is None:
                    values.setdefault(classes.root((index, slot)), set()).add(value)
    for index, skeleton in enumerate(skeletons):
        (first, *_) = sorted(skeleton.seen)
        kept = tuple(
            first[slot]
            if value is None and form.startswith(TOKENS) and len(values[classes.root((index, slot))]) == 1
            else value
            for slot, (value, form) in enumerate(zip(skeleton.values, skeleton.forms, strict=True))
        )
        yield skeleton if kept == skeleton.values else replace(skeleton, values=kept)


class _Classes:
    """Union-find over slots and the values that they share."""

    def __init__(self) -> None:
        self._parents: dict[Any, Any] = {}

    def root(self, node: Any) -> Any:
        path = []
        while (parent := self._parents.setdefault(node, node)) != node:
            path.append(node)
            node = parent
        for each in path:
            self._parents[each] = node
        return node

    def join(self, one: Any, other: Any) -> None:
        self._parents[self.root(other)] = self.root(one)


def _filled(skeleton: Skeleton, numbers: Sequence[int], once: set[int], *, rules: bool) -> Interaction:
    slots = iter(zip(skeleton.values, numbers, strict=True))
    found: tuple[list[Rule], list[Rule]] = ([], [])
    moments: tuple[list[Generator], list[Generator]] = ([], [])

    def fill(place: str, value: Json) -> Json:
        if not isinstance(value, str) or _OPEN not in value:
            return value
        number_like = value.startswith(_NUMBER)
        text, regex = "", ""
        pinned = False
        pieces = _SLOT.split(value.removeprefix(_NUMBER))
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                text += piece
                regex += escape(piece)
                continue
            literal, number = next(slots)
            text += constant(piece, number) if literal is None else literal
            regex += pattern(piece) if literal is None else escape(literal)
            pinned = pinned or literal is None
        if pinned and rules and (rule := _rule(place, regex, number=number_like)):
            found[place.startswith("response")].append(rule)
            is_whole = len(pieces) == 3 and not pieces[0] and not pieces[2]  # before, slot, behind
            if is_whole and number in once and (moment := moment_format(pieces[1])):
                moments[place.startswith("response")].append(Generator(rule.part, rule.at, *moment))
        return json.loads(text) if number_like else text

    interaction = _rewritten(skeleton.interaction, fill)
    return replace(
        interaction,
        request=_with(interaction.request, found[False], moments[False], interaction.query),
        response=_with(interaction.response, found[True], moments[True]),
    )


def _rule(place: str, regex: str, *, number: bool) -> Rule | None:
    """The rule for the form of a pinned place; None where a rule cannot stand."""
    kind, value = ("regex", f"^{regex}$")
    if number:
        kind, value = ("number" if "." in regex else "integer"), ""
    _, _, rest = place.partition(".")
    if rest.startswith((ROOT, "form")):
        try:
            steps = parse_path(ROOT + rest.removeprefix(ROOT).removeprefix("form"))
        except ValueError:
            return None
        return Rule("body", spell(steps), kind, value) if is_addressable(steps) else None
    part, _, name = rest.replace("['", ".", 1).removesuffix("']").partition(".")
    match part:
        case "path":
            return Rule("path", "", kind, value)
        case "body":
            return Rule("body", ROOT, kind, value)
        case "query":
            return Rule("query", name, kind, value)
        case "headers":
            return Rule("header", name, kind, value)
    return None


def _with(message: Message, rules: list[Rule], moments: list[Generator], query: Values = ()) -> Message:
    generators = for_moments(moments, message, query)
    return Message(message.headers, message.body, unique([*message.rules, *rules]), generators)
