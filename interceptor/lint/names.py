"""Names: a description reads as "upon receiving <description>", a state as "given <state>"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from interceptor.contract.pinning.detect import detect
from interceptor.redaction.forms import form_of, forms
from interceptor.values.findings import Finding

_EPOCH = re.compile(r"(?<![\w.-])(?:1[5-9]|2\d)\d{8}(?:\d{3})?(?![\w.-])")
"""Seconds or milliseconds since 1970, from 2017 on."""
_ARTICLE = re.compile(r"(A|An|The)\s+[a-z]")
_DEFAULT = re.compile(r"[A-Z]+ \S+ returns \d{3}( \([0-9a-f]{8}\))?")


@dataclass(frozen=True, slots=True)
class StateName:
    """A provider state as it is spelled in one place."""

    provider: str
    name: str
    place: str
    """A handler's `file:line`, or a pact and an interaction."""
    handler: str | None = None


def name_faults(kind: str, name: str) -> Iterator[tuple[str, str]]:
    """Code and message for each fault of a name; `kind` is "description" or "state"."""
    opening = "upon receiving" if kind == "description" else "given"
    if not name.strip():
        yield f"{kind}.empty", f"the {kind} is empty"
        return
    if name.lower().startswith(f"{opening} "):
        yield f"{kind}.opening", f'"{name}" reads "{opening} {name}"; leave the first words out'
    elif article := _ARTICLE.match(name):
        yield f"{kind}.capital", f'"{name}" reads "{opening} {name}"; begin with "{article[1].lower()}"'
    if name != " ".join(name.split()):
        yield f"{kind}.spacing", f'"{name}" has spaces at an end, or two in a row'
    if name.endswith("."):
        yield f"{kind}.stop", f'"{name}" ends with a full stop, but is part of a sentence'
    for start, end in forms(name)[:1]:
        yield f"{kind}.secret", f"the {kind} holds {form_of(name[start:end])}"
    timestamps = [name[start:end] for start, end, form in detect(name) if not form.startswith("jwt")]
    for found in [*timestamps, *_EPOCH.findall(name)][:1]:
        yield f"{kind}.volatile", f'"{name}" holds "{found}", which seems to change with every run'


def is_default(description: str) -> bool:
    """True for the description that an exchange gets if its handler has no name."""
    return _DEFAULT.fullmatch(description) is not None


def lint_states(states: Iterable[StateName]) -> Iterator[Finding]:
    """A warning for states of one provider that differ only in case and spaces."""
    spellings: dict[tuple[str, str], dict[str, StateName]] = defaultdict(dict)
    for state in states:
        spellings[state.provider, "".join(state.name.split()).casefold()].setdefault(state.name, state)
    for alike in spellings.values():
        if len(alike) > 1:
            first, *others = alike.values()
            for other in others:
                one, two = (f'"{state.name}" ({state.place})' for state in (first, other))
                message = f"the states {one} and {two} are different states to a provider"
                yield Finding("state.spelling", message, handler=other.handler or first.handler)
