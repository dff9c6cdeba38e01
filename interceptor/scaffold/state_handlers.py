"""The file in which a provider sets up the states that a consumer's pact requires."""

from __future__ import annotations

import json
import re
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
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def state_handlers_file_name(framework: Framework, required: RequiredStates) -> str:
    """`product_site_states.py`."""
    return f"{_slug(required.consumer, '_')}_{_SUFFIXES.get(framework, 'states.py')}"


def state_handlers(framework: Framework, required: RequiredStates, existing: str | None = None) -> str:
    """The state handler file for a consumer, with every state in it.

    Args:
        framework: what the file is written for.
        required: the states.
        existing: the present text of the file; all of it is kept, and the states that it does not name are added.

    Raises:
        UsageError: an existing JSON file that was not written by us.
    """
    if framework == "json":
        return _json(required, existing)
    head, block = _TEMPLATES[framework]
    slug = _slug(required.consumer, "-")
    text = _rendered(head, required=required, slug=slug) if existing is None else existing
    for state in required.states:
        if not _names(text, state.name):
            handler = _rendered(block, state=state, name=_unused(_slug(state.name, "_"), text))
            text = f"{text.rstrip()}\n{handler}"
    return text


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
    slug = _NOT_IN_NAMES.sub(joint, text.lower()).strip(joint)
    return slug if slug[:1].isalpha() else f"state{joint}{slug}".strip(joint)


def _rendered(template: str, **values: object) -> str:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  # the JSON file needs none

    environment = Environment(  # noqa: S701  # it writes code, not HTML
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["quoted"] = lambda value: json.dumps(value, ensure_ascii=False)
    source = files("interceptor.templates") / "scaffolds" / template
    return environment.from_string(source.read_text("utf-8")).render(values)


def _json(required: RequiredStates, existing: str | None) -> str:
    document: Json = {"consumer": required.consumer, "provider": required.provider, "states": []}
    known: set[str] = set()
    if existing is not None:
        try:
            document = parse_json(existing.encode())
            known = {state["name"] for state in document["states"]}
        except (ValueError, LookupError, TypeError) as error:
            raise UsageError(f"the file has no state handlers: {error}", "name another file with --output") from error
        if all(state.name in known for state in required.states):
            return existing
    document["states"] += [_plain(state) for state in required.states if state.name not in known]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(state: RequiredState) -> Json:
    return {
        "name": state.name,
        "params": [dict(each) for each in state.params if each],
        "interactions": list(state.interactions),
        "setup": None,
    }
