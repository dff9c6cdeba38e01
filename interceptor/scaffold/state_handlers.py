"""Writes the file in which a provider sets up the states that its consumers' pacts require."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Literal, TypeAlias

from interceptor.pact.states import RequiredState, RequiredStates
from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json, parse_json

Framework: TypeAlias = Literal["fastapi", "flask", "django", "express", "json"]

_TEMPLATES: dict[Framework, tuple[str, str]] = {
    "fastapi": ("fastapi.py.j2", "state.py.j2"),
    "flask": ("flask.py.j2", "state.py.j2"),
    "django": ("django.py.j2", "state.py.j2"),
    "express": ("express.js.j2", "state.js.j2"),
}
"""The template of the file, and that of one state in it."""
_SUFFIXES: dict[Framework, str] = {"express": "states.js", "json": "states.json"}
_NOT_IN_NAMES = re.compile(r"[\W_]+")
_OTHER_FILE = "name another file with --output"


def state_handlers_file_names(framework: Framework, providers: Sequence[str]) -> list[str]:
    """`product_api_states.py` for each provider, or `product_api_2_states.py` if that one is taken."""
    names: list[str] = []
    for provider in providers:
        stem, suffix = _slug(provider), _SUFFIXES.get(framework, "states.py")
        numbered = (f"{stem}_{number}_{suffix}" for number in range(2, len(providers) + 2))
        names.append(next(name for name in (f"{stem}_{suffix}", *numbered) if name not in names))
    return names


def state_handlers(
    framework: Framework, required: Sequence[RequiredStates], file: str, existing: str | None = None
) -> str:
    """The state handler file of a provider, with every state of every consumer.

    Args:
        framework: what the file is written for.
        required: the states, of one provider.
        file: the name of the file.
        existing: the current text of the file; it is kept, and only missing states are added.

    Raises:
        UsageError: the existing file is another provider's, or was not written by us.
    """
    provider = required[0].provider
    if framework == "json":
        return _json(required, provider, existing)
    if existing is not None and provider not in existing:
        raise UsageError(f"{file} has no state handlers of {provider}", _OTHER_FILE)
    head, block = _TEMPLATES[framework]
    text = existing or _rendered(head, provider=provider, file=file, changes=_rendered("changes.py.j2"))
    for consumer, state in _pairs(required):
        if not _names(text, consumer, state.name):
            name = _unused(_slug(state.name), text)
            text = f"{text.rstrip()}\n{_rendered(block, consumer=consumer, state=state, name=name)}"
    return text


def _pairs(required: Sequence[RequiredStates]) -> Iterator[tuple[str, RequiredState]]:
    for each in required:
        for state in each.states:
            yield each.consumer, state


def _names(text: str, consumer: str, name: str) -> bool:
    """True if a source text has a handler, however a formatter may have quoted the two names."""
    return re.search(rf"{_spelled(consumer)}\s*,\s*{_spelled(name)}", text) is not None


def _spelled(name: str) -> str:
    spellings = {json.dumps(name, ensure_ascii=False), json.dumps(name), repr(name)}
    return f"(?:{'|'.join(map(re.escape, sorted(spellings)))})"


def _unused(name: str, text: str) -> str:
    count, candidate = 1, name
    while re.search(rf"\b{candidate}\b", text):
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def _slug(text: str) -> str:
    """A name for a file or a function, with letters of any alphabet."""
    slug = _NOT_IN_NAMES.sub("_", text.casefold()).strip("_")
    return slug if slug.isidentifier() else f"state_{slug}".strip("_")


def _rendered(template: str, **values: object) -> str:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  # the JSON file needs no template

    environment = Environment(  # noqa: S701  # it writes code, not HTML
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["quoted"] = lambda value: json.dumps(value, ensure_ascii=False)
    source = files("interceptor.templates") / "scaffolds" / template
    return environment.from_string(source.read_text("utf-8")).render(values)


def _json(required: Sequence[RequiredStates], provider: str, existing: str | None) -> str:
    document: Json = {"provider": provider, "states": []}
    known: set[tuple[str, str]] = set()
    if existing is not None:
        try:
            document = parse_json(existing.encode())
            known = {(state["consumer"], state["name"]) for state in document["states"]}
            whose = document["provider"]
        except (ValueError, LookupError, TypeError) as error:
            raise UsageError(f"the file has no state handlers: {error}", _OTHER_FILE) from error
        if whose != provider:
            raise UsageError(f"the file has the state handlers of {whose}, not of {provider}", _OTHER_FILE)
    new = [_plain(consumer, state) for consumer, state in _pairs(required) if (consumer, state.name) not in known]
    if existing is not None and not new:
        return existing
    document["states"] += new
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(consumer: str, state: RequiredState) -> Json:
    return {
        "consumer": consumer,
        "name": state.name,
        "params": [dict(each) for each in state.params if each],
        "interactions": list(state.interactions),
        "setup": None,
        "teardown": None,
    }
