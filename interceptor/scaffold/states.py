"""The provider states that pacts ask for, and the files in which a provider sets them up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from interceptor.pact.read import Pact
from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json, parse_json

Kind = Literal["fastapi", "flask", "django", "express", "json"]

_FILES: dict[Kind, tuple[str, str]] = {
    "fastapi": ("fastapi.py.j2", "state.py.j2"),
    "flask": ("flask.py.j2", "state.py.j2"),
    "django": ("django.py.j2", "state.py.j2"),
    "express": ("express.js.j2", "state.js.j2"),
}
_NO_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class AskedState:
    """One state: every set of parameters it comes with, and the descriptions of the interactions that ask for it."""

    name: str
    params: tuple[Mapping[str, Json], ...]
    interactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one consumer asks of one provider; `without` are the interactions that need no state."""

    consumer: str
    provider: str
    states: tuple[AskedState, ...]
    without: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The consumer's name as part of a URL: `product-site`."""
        return _slug(self.consumer, "-")


def asked_states(pacts: Iterable[Pact]) -> list[Asked]:
    """Per consumer and provider the states, sorted by name."""
    return [_asked(pact) for pact in sorted(pacts, key=lambda pact: (pact.consumer, pact.provider))]


def scaffold(kind: Kind, asked: Asked, existing: str | None = None) -> str:
    """The state handler file of a consumer, with every state in it.

    Args:
        kind: of the framework.
        asked: the states.
        existing: what the file holds already; all of it is kept, and states that it does not name are added.

    Raises:
        UsageError: an existing JSON file that was not written by us.
    """
    if kind == "json":
        return _json(asked, existing)
    head, block = _FILES[kind]
    text = _rendered(head, asked=asked) if existing is None else existing
    for state in asked.states:
        if not _names(text, state.name):
            handler = _rendered(block, state=state, name=_unused(_slug(state.name, "_"), text))
            text = f"{text.rstrip()}\n{handler}"
    return text


def _asked(pact: Pact) -> Asked:
    params: dict[str, list[Mapping[str, Json]]] = {}
    users: dict[str, list[str]] = {}
    for interaction in pact.interactions:
        for name, values in interaction.states:
            if values not in params.setdefault(name, []):
                params[name].append(values)
            users.setdefault(name, []).append(interaction.description)
    states = (AskedState(name, tuple(params[name]), tuple(users[name])) for name in sorted(params))
    without = tuple(each.description for each in pact.interactions if not each.states)
    return Asked(pact.consumer, pact.provider, tuple(states), without)


def _names(text: str, name: str) -> bool:
    """Whether a source text names a state, in any of the spellings that a formatter may have given it."""
    spellings = {json.dumps(name, ensure_ascii=False), json.dumps(name), repr(name)}
    return any(spelling in text for spelling in spellings)


def _unused(name: str, text: str) -> str:
    count, candidate = 1, name
    while re.search(rf"\b{candidate}\b", text):
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def _slug(text: str, joint: str) -> str:
    slug = _NO_NAME.sub(joint, text.lower()).strip(joint)
    return slug if slug[:1].isalpha() else f"state{joint}{slug}".strip(joint)


def _rendered(template: str, **values: object) -> str:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  # listing states needs none

    environment = Environment(  # noqa: S701  # it writes code, not HTML
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["quoted"] = lambda value: json.dumps(value, ensure_ascii=False)
    source = files("interceptor.templates") / "scaffolds" / template
    return environment.from_string(source.read_text("utf-8")).render(values)


def _json(asked: Asked, existing: str | None) -> str:
    document: Json = {"consumer": asked.consumer, "provider": asked.provider, "states": []}
    if existing is not None:
        try:
            document = parse_json(existing.encode())
            known = {state["name"] for state in document["states"]}
        except (ValueError, LookupError, TypeError) as error:
            raise UsageError(f"the file is not one of state handlers: {error}", "give --output another name") from error
        if all(state.name in known for state in asked.states):
            return existing
        document["states"] += [_plain(state) for state in asked.states if state.name not in known]
    else:
        document["states"] = [_plain(state) for state in asked.states]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(state: AskedState) -> Json:
    return {
        "name": state.name,
        "params": [dict(each) for each in state.params if each],
        "interactions": list(state.interactions),
        "setup": None,
    }


def plain(asked: Sequence[Asked]) -> Json:
    """Everything that is asked, as JSON."""
    return [
        {
            "consumer": each.consumer,
            "provider": each.provider,
            "states": [
                {
                    "name": state.name,
                    "params": [dict(values) for values in state.params if values],
                    "interactions": list(state.interactions),
                }
                for state in each.states
            ],
            "without": list(each.without),
        }
        for each in asked
    ]


def markdown(asked: Sequence[Asked]) -> str:
    """Everything that is asked, as a page of tables."""
    lines: list[str] = []
    for each in asked:
        lines += [f"## {each.consumer} and {each.provider}", "", "| provider state | parameters | interactions |"]
        lines.append("|---|---|---|")
        for state in each.states:
            params = " ".join(f"`{json.dumps(values, ensure_ascii=False)}`" for values in state.params if values)
            lines.append(f"| {_cell(state.name)} | {_cell(params)} | {_cell('; '.join(state.interactions))} |")
        if each.without:
            lines.append(f"| (none) | | {_cell('; '.join(each.without))} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
