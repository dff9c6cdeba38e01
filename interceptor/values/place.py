"""Where in an exchange something stands: a value, one parser, one speller.

    in a journal and a finding    in the rules of a handler
    request.path                  path
    request.query['x-id']         query.x-id
    request.headers.x-id          header.x-id
    request.form.name
    response.status               status
    response.$.items[0].id        $.items[0].id               a member of a JSON body
    response.body                                             any other body, as a whole

The way into JSON is the small part of JSONPath that matching rules are written in, wildcards included: no library
knows just these, and says in words for a user what is wrong. A name that is no identifier is quoted; a `'` in it is
written twice. The name of a header is never quoted, nor is one in a rule: there it is the rest of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Literal, TypeAlias, get_args

from interceptor.values.json_text import Json
from interceptor.values.remember import remembered

Side: TypeAlias = Literal["request", "response"]
Part: TypeAlias = Literal["method", "path", "query", "header", "form", "body", "status"]

ROOT = "$"


class Wild(Enum):
    """The steps that go to more than one place."""

    EACH = "*"
    """Every member of an object, or every element of an array."""
    DEEP = ".."
    """This value and everything below it."""


Step: TypeAlias = str | int | Wild
Steps: TypeAlias = tuple[Step, ...]

_STEP = re.compile(
    r"""
    \.(?P<name>[^\s.\[\]'"*]+)          # .name
  | \.(?P<star>\*)                      # .*
  | \[(?P<index>\d{1,9})\]              # [0]
  | \[(?P<each>\*)\]                    # [*]
  | \[(?:'(?P<single>(?:[^']|'')*)'|"(?P<double>[^"]*)")\]   # ['a name']
    """,
    re.VERBOSE,
)
_DEEP = re.compile(r"\.\.(?=[^\s.])")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@remembered(1000)
def parse_path(text: str) -> Steps:
    """The steps of a path: `"$.items[*].id"` -> `("items", Wild.EACH, "id")`.

    Raises:
        ValueError: with what is wrong, in words for the person who wrote the path.
    """
    if not text.startswith("$"):
        raise ValueError(f'"{text}" does not start at the root, which is written $')
    steps: list[Step] = []
    position = 1
    while position < len(text):
        if deep := _DEEP.match(text, position):
            steps.append(Wild.DEEP)
            position = deep.end() - (text[deep.end()] != "[")
            continue
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f'"{text}" is not a path from "{text[position:]}" on; write for example $.items[*].id')
        position = match.end()
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif match["star"] or match["each"]:
            steps.append(Wild.EACH)
        else:
            steps.append(_name(match))
    return tuple(steps)


def _name(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return match["single"].replace("''", "'")
    return str(match["name"] or match["double"])


def spell_path(steps: Sequence[Step]) -> str:
    """The path in its one canonical spelling: `("a", "b c", 0, Wild.EACH)` -> `"$.a['b c'][0][*]"`."""
    text = "$"
    for step, following in zip_longest(steps, steps[1:]):
        text += _spell_step(step)
        if step is Wild.DEEP and not (isinstance(following, str) and _PLAIN_NAME.match(following)):
            text += "."
    return text


def _spell_step(step: Step) -> str:
    match step:
        case Wild.EACH:
            return "[*]"
        case Wild.DEEP:
            return "."
        case int():
            return f"[{step}]"
        case str():
            return _spell_name(step)


@remembered(1000)
def _spell_name(name: str) -> str:
    return f".{name}" if _PLAIN_NAME.match(name) else f"['{_doubled(name)}']"


def below(place: str, step: str | int) -> str:
    """The place of a member or an element: `("response.$.a", "b c")` -> `"response.$.a['b c']"`."""
    return f"{place}[{step}]" if isinstance(step, int) else place + _spell_name(step)


def find(value: Json, steps: Sequence[Step], at: Steps = ()) -> Iterator[tuple[Steps, Json]]:
    """The places that a path reaches, each as concrete steps and the value there."""
    if not steps:
        yield at, value
        return
    step, rest = steps[0], steps[1:]
    match step:
        case Wild.DEEP:
            yield from find(value, rest, at)
            for child, member in children(value):
                yield from find(member, steps, (*at, child))
        case Wild.EACH:
            for child, member in children(value):
                yield from find(member, rest, (*at, child))
        case int():
            if isinstance(value, list) and step < len(value):
                yield from find(value[step], rest, (*at, step))
        case str():
            if isinstance(value, dict) and step in value:
                yield from find(value[step], rest, (*at, step))


def children(value: Json) -> Iterator[tuple[str | int, Json]]:
    """The members of an object or the elements of an array; nothing for a scalar."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def leaves(value: Json, place: str = ROOT) -> Iterator[tuple[str, Json]]:
    """Every value that is neither an object nor an array, with its place."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, below(place, str(key)))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from leaves(element, below(place, index))
    else:
        yield place, value


def scalars(value: Json) -> Iterator[Json]:
    """Every value that is neither an object nor an array."""
    if isinstance(value, dict):
        for member in value.values():
            yield from scalars(member)
    elif isinstance(value, list):
        for element in value:
            yield from scalars(element)
    else:
        yield value


@dataclass(frozen=True, slots=True)
class Place:
    """One place; `str` spells it.

    `name` is a header's, a query parameter's or a form field's, None for all of them. `steps` go into a body that is
    JSON; None means the body as a whole. Without a side it is spelt as in the rules of a handler.
    """

    part: Part
    name: str | None = None
    steps: Steps | None = None
    side: Side | None = None

    def __str__(self) -> str:
        side = f"{self.side}." if self.side else ""
        if self.steps is not None:
            return f"{side}{spell_path(self.steps)}"
        word = "headers" if side and self.part == "header" else self.part
        if self.name is None:
            return f"{side}{word}"
        if side and self.part != "header":
            return below(f"{side}{word}", self.name)
        return f"{side}{word}.{self.name}"


_WORD = re.compile(r"[a-z]+")
_SIDES: dict[str, Side] = {side: side for side in get_args(Side)}
_RULED: dict[str, Part] = {part: part for part in get_args(Part)}
"""Words of a rule's place."""
_NOTED: dict[str, Part] = {"headers" if part == "header" else part: part for part in get_args(Part)}
"""Words of a place with a side."""
_NAMED = frozenset({"query", "header", "form"})


def parse_place(text: str) -> Place:
    """The place that a text says: `"request.headers.x-id"` -> `Place("header", "x-id", side="request")`.

    Raises:
        ValueError: where it says none.
    """
    head, dot, rest = text.partition(".")
    side = _SIDES.get(head) if dot else None
    if side is None:
        rest = text
    if rest.startswith(ROOT):
        return Place("body", steps=parse_path(rest), side=side)
    word = match[0] if (match := _WORD.match(rest)) else ""
    part = (_RULED if side is None else _NOTED).get(word)
    tail = rest[len(word) :]
    if part is None or (tail and part not in _NAMED):
        raise ValueError(f'"{text}" is no place; write for example response.$.id or request.headers.accept')
    return Place(part, _named(tail, part, side), side=side)


@remembered(1000)  # the marks of one handler's exchanges are the same
def find_place(text: str) -> Place | None:
    """The place that a text says, or None where it says none."""
    try:
        return parse_place(text)
    except ValueError:
        return None


def header_places(side: Side, names: Iterable[str]) -> tuple[str, ...]:
    """The places of headers, spelt."""
    return tuple([str(Place("header", name, side=side)) for name in names])


def _named(tail: str, part: Part, side: Side | None) -> str | None:
    if not tail:
        return None
    if side is not None and part != "header":
        match parse_path(f"{ROOT}{tail}"):
            case (str(name),):
                return name
    elif tail.startswith("."):
        return tail[1:]
    raise ValueError(f'"{tail}" names no {part}; write for example .name')


def _doubled(name: str) -> str:
    return name.replace("'", "''")
