"""Replaces volatile values by constants of the same form, so that two runs of the same tests give the same pact.

`extract` takes the volatile values out of an interaction and leaves a skeleton with slots. Slots that share a value
belong to one class, wherever they are; a class is numbered by its first slot in the sorted skeletons, and the number
makes the constant. So neither the order of the exchanges nor the values themselves leave a trace.
A literal value of a handler's response stays as it is, in requests too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import quote_plus, unquote_plus

from interceptor.contract.generators import timestamp_generators
from interceptor.contract.normalise import is_multipart, unique
from interceptor.contract.pinning.detect import (
    SHORTEST,
    TOKENS,
    VolatileSpan,
    constant,
    detect,
    epoch_form,
    is_constant,
    pattern,
    timestamp_format,
)
from interceptor.contract.pinning.group import Literals, Slots, ValuePlace
from interceptor.pact.document import Generator, Interaction, Message, NamedValues, PactBody
from interceptor.pact.rules import Rule, escape, is_addressable
from interceptor.values.exchange import Exchange, ProviderState
from interceptor.values.generated import Generated
from interceptor.values.json_text import Json
from interceptor.values.media_types import media_type
from interceptor.values.place import ROOT, Place, Side, below, find_place, spell_path

# Unicode guarantees that these never stand for a character.
_OPEN, _CLOSE, _NUMBER = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}{_NUMBER}]")
_SLOT = re.compile(f"{_OPEN}(.*?){_CLOSE}")

Rewrite: TypeAlias = Callable[[str, Json], Json]
"""Place and scalar -> scalar."""


def _rewritten(interaction: Interaction, rewrite: Rewrite) -> Interaction:
    """An interaction with all its texts and numbers rewritten, always in the same order."""
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
        (name, tuple(rewrite(str(Place("header", name, side=side)), value) for value in values))
        for name, values in message.headers
    )
    body = message.body
    if body is not None and body.kind == "json":
        body = PactBody("json", _json(body.value, f"{side}.{ROOT}", rewrite), body.content_type)
    elif body is not None and body.kind == "text":
        body = PactBody("text", _text(body, side, rewrite), body.content_type)
    return Message(headers, body, message.rules)


def _text(body: PactBody, side: Side, rewrite: Rewrite) -> Json:
    if not media_type(body.content_type).is_form:
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
        # Visited by name, so that the order of members does not matter; kept, because people read it.
        members = value.copy()
        for name in sorted(value):
            member, at = value[name], below(place, name)
            members[name] = rewrite(at, member) if isinstance(member, str) else _json(member, at, rewrite)
        return members
    if isinstance(value, list):
        return [_json(element, below(place, index), rewrite) for index, element in enumerate(value)]
    return value if value is None or isinstance(value, bool) else rewrite(place, value)


@dataclass(frozen=True, slots=True)
class Extracted:
    """An interaction with slots in place of its volatile values."""

    skeleton: Interaction
    slots: Slots
    forms: tuple[str, ...]
    literal: frozenset[str]
    """The literal values of its handler, in lower case."""


def extract(interaction: Interaction, exchange: Exchange) -> Extracted:
    """Take the volatile values out of an interaction."""
    literal: set[str] = set()
    for text in exchange.metadata.literal:
        literal.update(text[start:end].lower() for start, end, _ in _spans(text, exchange.at))
    if _is_constant(interaction, exchange):
        return Extracted(interaction, (), (), frozenset(literal))
    generated = Generated(exchange)
    found: list[str] = []
    forms: list[str] = []

    def take(place: str, value: Json) -> Json:
        text = value if isinstance(value, str) else str(value)
        if not text.isascii():
            text = _MARKS.sub("", text)
        plain = text if isinstance(value, str) else value
        spans = _spans(text, exchange.at)
        if not spans:
            return plain
        if place.startswith("response.") and not generated.covers(place):
            literal.update(text[start:end].lower() for start, end, _ in spans)
            return plain
        # The names of an interaction repeat values, and are no source of them.
        repeats = place.startswith(("description", "state"))
        pieces = [] if isinstance(value, str) else [_NUMBER]
        position = 0
        for start, end, form in spans:
            if repeats and text[start:end] not in found:
                continue
            found.append(text[start:end])
            forms.append(form)
            pieces += [text[position:start], _OPEN, form, _CLOSE]
            position = end
        return "".join([*pieces, text[position:]])

    skeleton = _rewritten(interaction, take)
    return Extracted(skeleton, tuple(found), tuple(forms), frozenset(literal))


def _spans(text: str, at: str) -> list[VolatileSpan]:
    if len(text) < SHORTEST:
        return []
    if (form := epoch_form(text, at)) is not None:
        return [(0, len(text), form)]
    return detect(text)


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
    numbered = []
    for skeleton in skeletons:
        literals = _with_constant_tokens(skeleton)
        slot_numbers = [
            0 if value is not None else numbers.setdefault(place.root(), len(numbers) + 1)
            for value, place in zip(literals, skeleton.places, strict=True)
        ]
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
        places.extend([place] * pinned)
        where = find_place(place) if pinned and rules else None
        if where is not None and (rule := _rule(where, regex, number=number_like)):
            found[where.side == "response"].append(rule)
            is_whole = len(pieces) == 3 and not pieces[0] and not pieces[2]  # before, slot, after
            if is_whole and number in once and (timestamp := timestamp_format(pieces[1])):
                timestamps[where.side == "response"].append(Generator(rule.part, rule.at, *timestamp))
        return json.loads(text) if number_like else text

    interaction = _rewritten(skeleton, fill)
    return replace(
        interaction,
        request=_with(interaction.request, found[False], timestamps[False], interaction.query),
        response=_with(interaction.response, found[True], timestamps[True]),
        pinned=tuple(places),
    )


def _rule(place: Place, regex: str, *, number: bool) -> Rule | None:
    """The rule for the form of a pinned place; None where no rule is possible."""
    kind, value = ("regex", f"^{regex}$")
    if number:
        kind, value = ("number" if "." in regex else "integer"), ""
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
    return Message(message.headers, message.body, unique([*message.rules, *rules]), generators)
