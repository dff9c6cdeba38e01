"""Replaces volatile values by constants of the same form, so that two runs of the same tests give the same pact.

`extract` takes the volatile values out of an interaction and leaves a skeleton with slots. Slots that share a value
belong to one class, wherever they are; a class is numbered by its first slot in the sorted skeletons, and the number
makes the constant. So neither the order of the exchanges nor the values themselves leave a trace.
A literal value of a handler's response stays as it is, in requests too.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeAlias
from urllib.parse import quote_plus, unquote_plus

from interceptor.contract.generators import timestamp_generators
from interceptor.contract.normalise import is_multipart, unique
from interceptor.contract.pinning.detect import (
    TOKENS,
    VolatileSpan,
    is_constant,
    spans_of,
    timestamp_format,
)
from interceptor.contract.pinning.group import Literals, Slots, ValuePlace
from interceptor.contract.pinning.made import ANYTHING, MADE, constants, identifies, is_own, made_spans, pattern_of
from interceptor.contract.xml_rules import xml_rules
from interceptor.pact.document import Generator, Interaction, Message, NamedValues, PactBody
from interceptor.pact.rules import Rule, escape, is_addressable
from interceptor.values.exchange import Exchange, ProviderState
from interceptor.values.generated import Generated
from interceptor.values.json_text import Json
from interceptor.values.media_types import media_type
from interceptor.values.place import ROOT, Place, Side, Wild, below, find_place, parse_path, spell_path

# Unicode guarantees that these never stand for a character.
_OPEN, _CLOSE, _NUMBER = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}{_NUMBER}]")
_SLOT = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
_SEGMENT = re.compile(r"[^/?&=,;\s]+")
_MOST_KNOWN = 20_000

Rewrite: TypeAlias = Callable[[str, Json, int], Json]
"""Place, scalar, and which of several scalars at that place it is -> scalar."""
KnownValues: TypeAlias = dict[str, str]
"""The forms of what templates made up that looks like nothing in particular, by value."""


def _rewritten(interaction: Interaction, rewrite: Rewrite) -> Interaction:
    """An interaction with all its texts and numbers rewritten, always in the same order."""
    return replace(
        interaction,
        path=rewrite("request.path", interaction.path, 0),
        query=tuple(
            (name, tuple(rewrite(below("request.query", name), value, 0) for value in values))
            for name, values in interaction.query
        ),
        request=_message(interaction.request, "request", rewrite),
        response=_message(interaction.response, "response", rewrite),
        description=rewrite("description", interaction.description, 0),
        states=tuple(
            ProviderState(rewrite("state", state.name, 0), _json(dict(state.params), "state", rewrite))
            for state in interaction.states
        ),
    )


def _message(message: Message, side: Side, rewrite: Rewrite) -> Message:
    headers = tuple(
        (name, tuple(rewrite(str(Place("header", name, side=side)), value, i) for i, value in enumerate(values)))
        for name, values in message.headers
    )
    body = message.body
    if body is not None and body.kind == "json":
        body = PactBody("json", _json(body.value, f"{side}.{ROOT}", rewrite), body.content_type)
    elif body is not None and body.kind == "text":
        body = PactBody("text", _text(body, side, rewrite), body.content_type)
    return replace(message, headers=headers, body=body)


def _text(body: PactBody, side: Side, rewrite: Rewrite) -> Json:
    if not media_type(body.content_type).is_form:
        return rewrite(f"{side}.parts" if is_multipart(body) else f"{side}.body", body.value, 0)
    pieces = body.value.split("&")
    seen: Counter[str] = Counter()
    for index, piece in enumerate(pieces):
        name, equals, value = piece.partition("=")
        plain, place = unquote_plus(value), below(f"{side}.form", unquote_plus(name))
        seen[place] += 1
        if (new := rewrite(place, plain, seen[place] - 1)) != plain:
            pieces[index] = f"{name}{equals}{quote_plus(new)}"
    return "&".join(pieces)


def _json(value: Json, place: str, rewrite: Rewrite) -> Json:
    if isinstance(value, dict):
        # Visited by name, so that the order of members does not matter; kept, because people read it.
        members = value.copy()
        for name in sorted(value):
            member, at = value[name], below(place, name)
            members[name] = rewrite(at, member, 0) if isinstance(member, str) else _json(member, at, rewrite)
        return members
    if isinstance(value, list):
        return [_json(element, below(place, index), rewrite) for index, element in enumerate(value)]
    return value if value is None or isinstance(value, bool) else rewrite(place, value, 0)


@dataclass(frozen=True, slots=True)
class Extracted:
    """An interaction with slots in place of its volatile values."""

    skeleton: Interaction
    slots: Slots
    forms: tuple[str, ...]
    literal: frozenset[str]
    """The literal values of its handler, in lower case."""


def extract(interaction: Interaction, exchange: Exchange, known: KnownValues) -> Extracted:
    """Take the volatile values out of an interaction.

    Args:
        interaction: of the exchange.
        exchange: tells what was generated.
        known: what templates made up in earlier exchanges; grows by what they did in this one.
    """
    literal: set[str] = set()
    for text in exchange.metadata.literal:
        literal.update(text[start:end].lower() for start, end, _ in spans_of(text, exchange.at))
    if not known and not exchange.metadata.spans and _is_constant(interaction, exchange):
        return Extracted(interaction, (), (), frozenset(literal))
    extraction = _Extraction(exchange, literal, known)
    skeleton = _rewritten(interaction, extraction.take)
    while len(known) > _MOST_KNOWN:
        del known[next(iter(known))]
    return Extracted(skeleton, tuple(extraction.found), tuple(extraction.forms), frozenset(literal))


class _Extraction:
    """What was taken out of the texts and numbers of one interaction so far."""

    def __init__(self, exchange: Exchange, literal: set[str], known: KnownValues) -> None:
        self._at = exchange.at
        self._generated = Generated(exchange)
        self._literal = literal
        self._known = known
        self.found: list[str] = []
        self.forms: list[str] = []

    def take(self, place: str, value: Json, occurrence: int) -> Json:
        """A scalar with slots in the place of its volatile values."""
        text = value if isinstance(value, str) else str(value)
        if not text.isascii():
            text = _MARKS.sub("", text)
        spans = self._spans(place, text, occurrence)
        if not spans:
            return text if isinstance(value, str) else value
        # What names an interaction is no source of values, it repeats them.
        repeats = place.startswith(("description", "state"))
        pieces = [] if isinstance(value, str) else [_NUMBER]
        position = 0
        for start, end, form in spans:
            if repeats and text[start:end] not in self.found:
                continue
            kept = form if isinstance(value, str) else _number_form(form)
            self._note(text[start:end], kept)
            pieces += [text[position:start], _OPEN, kept, _CLOSE]
            position = end
        return "".join([*pieces, text[position:]])

    def _note(self, value: str, form: str) -> None:
        self.found.append(value)
        self.forms.append(form)
        if is_own(form) and identifies(form, value):
            self._known[value] = form

    def _spans(self, place: str, text: str, occurrence: int) -> list[VolatileSpan]:
        made = made_spans(text, self._generated.spans(place, occurrence))
        looked = spans_of(text, self._at)
        if place.startswith("response.") and not self._generated.covers(place):
            self._literal.update(text[start:end].lower() for start, end, _ in looked)
            return made
        if self._known and not (looked and looked[0][:2] == (0, len(text))):
            looked += _known(text, self._known)
        return _joined(made, looked)


def _number_form(form: str) -> str:
    """The form of a number: whoever writes a time leaves out the zeros at its end."""
    kind, dot, _ = form.partition(".")
    return f"{kind}.000" if dot and kind.removeprefix(MADE).startswith("epoch:") else form


def _known(text: str, known: KnownValues) -> Iterator[VolatileSpan]:
    """Where what was made up before stands as a whole value, or a whole segment of a path."""
    for match in _SEGMENT.finditer(text):
        if form := known.get(match[0]):
            yield *match.span(), form


def _joined(made: list[VolatileSpan], looked: Iterable[VolatileSpan]) -> list[VolatileSpan]:
    """Both kinds of spans in their order; where they meet, what was made counts."""
    spans = list(made)
    for each in looked:
        if all(each[1] <= start or end <= each[0] for start, end, _ in spans):
            spans.append(each)
    return sorted(spans)


def _is_constant(interaction: Interaction, exchange: Exchange) -> bool:
    """True if there is nothing to take out, which is quick to tell for most interactions."""
    texts = [interaction.path, interaction.description]
    for _, values in (*interaction.query, *interaction.request.headers, *interaction.response.headers):
        texts += values
    for state in interaction.states:
        texts += (state.name, repr(state.params))
    for message, source in ((interaction.request, exchange.request), (interaction.response, exchange.response)):
        body = message.body
        if body is None or body.kind == "binary" or source is None:
            continue
        if body.kind == "json" and b"\\" not in source.body:
            texts.append(source.body.decode())
        elif body.kind == "text" and not media_type(body.content_type).is_form:
            texts.append(body.value)
        else:
            return False
    text = "\n".join(texts)
    return (text.isascii() or not _MARKS.search(text)) and is_constant(text)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An interaction with slots, the literals that stay in them, and the places that tell which slots are equal."""

    interaction: Interaction
    forms: tuple[str, ...]
    literals: Literals
    places: tuple[ValuePlace, ...]


def pin(skeletons: Iterable[Skeleton], *, rules: bool) -> Iterator[Interaction]:
    """The interactions with constants in their slots, with the rules of their forms where `rules` asks for them.

    Args:
        skeletons: sorted; where they stand numbers the classes.
        rules: whether a rule for the form goes with each constant.
    """
    numbers: dict[ValuePlace, int] = {}
    own: dict[str, dict[ValuePlace, int]] = defaultdict(dict)
    numbered = []
    for skeleton in skeletons:
        literals = _with_constant_tokens(skeleton)
        slot_numbers = []
        for value, form, place in zip(literals, skeleton.forms, skeleton.places, strict=True):
            of_form = own[form] if is_own(form) else numbers
            slot_numbers.append(0 if value is not None else of_form.setdefault(place.root(), len(of_form) + 1))
        numbered.append((skeleton.interaction, literals, slot_numbers))
    counts = Counter(number for _, _, slot_numbers in numbered for number in slot_numbers)
    once = {number for number, count in counts.items() if count == 1}
    for interaction, literals, slot_numbers in numbered:
        yield _filled(interaction, literals, slot_numbers, once, rules=rules) if literals else interaction


def _with_constant_tokens(skeleton: Skeleton) -> Literals:
    """The literals, including tokens that are the same everywhere."""
    return tuple(
        place.constant() if value is None and form.startswith(TOKENS) else value
        for value, form, place in zip(skeleton.literals, skeleton.forms, skeleton.places, strict=True)
    )


def _filled(
    skeleton: Interaction, literals: Literals, numbers: Sequence[int], once: set[int], *, rules: bool
) -> Interaction:
    slots = iter(zip(literals, numbers, strict=True))
    found: tuple[list[Rule], list[Rule]] = ([], [])
    timestamps: tuple[list[Generator], list[Generator]] = ([], [])
    places: list[str] = []

    def fill(place: str, value: Json, _occurrence: int) -> Json:
        if not isinstance(value, str) or _OPEN not in value:
            return value
        number_like = value.startswith(_NUMBER)
        pieces = _SLOT.split(value.removeprefix(_NUMBER))
        filling = [next(slots) for _ in pieces[1::2]]
        side = place.startswith("response.")
        message = (skeleton.request, skeleton.response)[side]
        where = find_place(place)
        declared = _declared(message, where)
        text = _text_of(pieces, filling, declared)
        pinned = any(literal is None for literal, _ in filling)
        places.extend([place] * pinned)
        if pinned and rules and where is not None and not message.exact:
            patterns = [_pattern(form, literal) for form, (literal, _) in zip(pieces[1::2], filling, strict=True)]
            if where == Place("body", side=where.side) and _is_xml(message):
                found[side].extend(xml_rules(pieces[::2], patterns))
            elif rule := _rule(where, _pattern_of(pieces[::2], patterns), number=number_like):
                found[side].append(rule)
                is_whole = len(pieces) == 3 and not pieces[0] and not pieces[2]  # before, slot, behind
                if is_whole and filling[0][1] in once and (timestamp := _timestamp(pieces[1])):
                    timestamps[side].append(Generator(rule.part, rule.at, *timestamp))
        return json.loads(text) if number_like else text

    interaction = _rewritten(skeleton, fill)
    return replace(
        interaction,
        request=_with(interaction.request, found[False], timestamps[False], interaction.query),
        response=_with(interaction.response, found[True], timestamps[True]),
        pinned=tuple(places),
    )


def _pattern(form: str, literal: str | None) -> str:
    return pattern_of(form) if literal is None else escape(literal)


def _is_xml(message: Message) -> bool:
    return message.body is not None and media_type(message.body.content_type).is_xml


def _pattern_of(pieces: Sequence[str], patterns: Sequence[str]) -> str:
    return "".join(chain.from_iterable(zip(map(escape, pieces), [*patterns, ""], strict=True)))


def _timestamp(form: str) -> tuple[Literal["Date", "Time", "DateTime"], str] | None:
    return None if is_own(form) else timestamp_format(form.removeprefix(MADE))


def _declared(message: Message, place: Place | None) -> re.Pattern[str] | None:
    """What a handler's own rule demands of the text at a place."""
    if place is None or place.part not in {"header", "body"}:
        return None
    for rule in message.rules:
        if rule.kind == "regex" and rule.part == place.part and _is_at(rule.at, place):
            with suppress(re.error):
                return re.compile(rule.value)
    return None


def _is_at(at: str, place: Place) -> bool:
    if place.part == "header":
        return at == place.name
    steps = place.steps or ()
    declared = parse_path(at)
    return len(declared) == len(steps) and all(a in {b, Wild.EACH} for a, b in zip(declared, steps, strict=True))


def _text_of(pieces: Sequence[str], filling: Sequence[tuple[str | None, int]], declared: re.Pattern[str] | None) -> str:
    """The text with constants in its slots: the first ones that satisfy the handler's own rule, if any do."""
    choices = [
        [literal] if literal is not None else constants(form, number)
        for form, (literal, number) in zip(pieces[1::2], filling, strict=True)
    ]
    texts = []
    for attempt in range(max(map(len, choices))):
        chosen = [choice[min(attempt, len(choice) - 1)] for choice in choices]
        texts.append("".join(chain.from_iterable(zip(pieces[::2], [*chosen, ""], strict=True))))
    if declared is None:
        return texts[0]
    return next((text for text in texts if declared.fullmatch(text)), texts[0])


def _rule(place: Place, regex: str, *, number: bool) -> Rule | None:
    """The rule for the form of a pinned place; None where no rule is possible."""
    kind, value = ("regex", f"^{regex}$")
    if number:
        kind, value = ("number" if "." in regex else "integer"), ""
    elif regex == ANYTHING and place.steps is not None:
        kind, value = "type", ""
    match place:
        case Place("path"):
            return Rule("path", "", kind, value)
        case Place("body", steps=None):
            return Rule("body", ROOT, kind, value)
        case Place("body", steps=tuple(steps)):
            return Rule("body", spell_path(steps), kind, value) if is_addressable(steps) else None
        case Place("form", str(name)):
            # The Pact tools compare forms field by field, under the paths of members.
            return Rule("body", spell_path((name,)), kind, value) if is_addressable((name,)) else None
        case Place("query", str(name)):
            return Rule("query", name, kind, value)
        case Place("header", str(name)):
            return Rule("header", name, kind, value)
    return None


def _with(message: Message, rules: list[Rule], timestamps: list[Generator], query: NamedValues = ()) -> Message:
    generators = timestamp_generators(timestamps, message, query)
    return replace(message, rules=unique([*message.rules, *rules]), generators=generators)
