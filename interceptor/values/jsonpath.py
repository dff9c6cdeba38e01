"""Places inside a JSON value: `$.items[*].id`, the small part of JSONPath that matching rules are written in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from interceptor.values.json_text import Json


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
  | \[(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)")\]   # ['a name']
    """,
    re.VERBOSE,
)
_DEEP = re.compile(r"\.\.(?=[^\s.])")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@lru_cache(maxsize=10_000)
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
            steps.append(next(found for found in match.group("name", "single", "double") if found is not None))
    return tuple(steps)


def spell(steps: Sequence[Step]) -> str:
    """The path in its one canonical spelling: `("a", "b c", 0, Wild.EACH)` -> `"$.a['b c'][0][*]"`."""
    return "$" + "".join(map(_spell_step, steps))


def _spell_step(step: Step) -> str:
    match step:
        case Wild.EACH:
            return "[*]"
        case Wild.DEEP:
            return "."
        case int():
            return f"[{step}]"
        case str():
            return f".{step}" if _PLAIN_NAME.match(step) else f"['{step}']"


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
