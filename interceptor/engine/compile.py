"""Compiles a loaded handler: its templates, states and resolvers are prepared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from interceptor.answering.patches import has_patches
from interceptor.answering.provider_calls import compile_call
from interceptor.answering.rendering import MAY_VARY, Compiler, Render
from interceptor.answering.resolvers import ResolverFault, load_resolver
from interceptor.answering.responses import CompiledEntry, compile_entry
from interceptor.answering.template import Template, TemplateFault
from interceptor.answering.templates import compile_expression
from interceptor.engine.compiled import CompiledHandler, CompiledState, DescribedEntry, Selection
from interceptor.engine.dialogues import compile_dialogue
from interceptor.handlers.loading import LoadedHandler
from interceptor.handlers.provider_calls import CALL
from interceptor.handlers.request_part import RequestPart
from interceptor.handlers.response_part import GivenState, ResponseEntry
from interceptor.matching.router import Route
from interceptor.project.folder import Folder
from interceptor.project.yaml_nodes import Node
from interceptor.values.json_text import Json
from interceptor.values.place import header_places, scalars

_NOT_OF_BODIES = {"matching", "given", "passthrough", "delay", "dribble"}


def compile_handler(loaded: LoadedHandler, route: Route, compiler: Compiler) -> CompiledHandler:
    """Compile a handler; its faults are added to the compiler's problems."""
    model, node = loaded.model, loaded.node
    compiler = replace(compiler, reads=set())
    when = _compile_when(model.when, node.at("when"), compiler)
    entries: list[DescribedEntry] = []
    by_chance: list[DescribedEntry] = []
    for index, entry in enumerate(model.entries):
        described = _compile_described(loaded, index, compiler)
        entries += [described] * (entry.times if entry.chance is None else 0)
        by_chance += [described] if entry.chance is not None else []
    if model.then and any(entry.passthrough and not has_patches(entry) for entry in model.entries):
        message = "then needs a response of the handler's own: put status, headers or a body beside passthrough"
        compiler.problems.append(node.at("then").problem(message))
    cacheable, first = None, entries[0] if entries and not by_chance else None
    steady = first is not None and when is None and not model.then and not model.once
    if steady and first is not None and all(entry is first for entry in entries):
        cacheable = None if first.constant is None else Selection(first, 0, {}, first.constant)
    after = replace(compiler, known=(*compiler.known, "response"))
    then = _compile_then(loaded, after) if model.then else {}
    calls = [compile_call(call, where, after) for call, where in loaded.calls]
    chooses = any(entry.when is not None or entry.given is not None for entry in model.entries)
    reads = frozenset(name for of, name in compiler.reads if of == "data")
    return CompiledHandler(
        loaded, route, when, entries, then, _literal(loaded), chooses, reads, cacheable, by_chance, calls
    )


def _compile_when(expression: str | None, node: Node, compiler: Compiler) -> Template | None:
    if expression is None:
        return None
    try:
        when = compile_expression(expression, compiler.known)
    except TemplateFault as fault:
        bare = expression.strip()
        if bare.startswith("{{") and bare.endswith("}}"):
            message = "when is already an expression; leave out the braces"
            compiler.problems.append(node.problem(message, paste=f"when: {bare[2:-2].strip()}"))
        else:
            compiler.problems.append(node.problem(str(fault)))
        return None
    compiler.reads |= when.reads
    return when


def _compile_then(loaded: LoadedHandler, compiler: Compiler) -> dict[str, tuple[Json, Render | None]]:
    node = loaded.node.at("then")
    changes = {name: value for name, value in loaded.model.then.items() if name != CALL}
    return {name: (value, compiler.json(value, node.at(name), "then")) for name, value in changes.items()}


def _compile_described(loaded: LoadedHandler, index: int, compiler: Compiler) -> DescribedEntry:
    model, node = loaded.model, loaded.node
    entry, where = model.entries[index], node.at("response").at(index)
    if entry.passthrough is not None:
        compiler = replace(compiler, known=(*compiler.known, "upstream"))
    compiled = compile_entry(entry, where, loaded.folder, compiler)
    resolver = None
    if entry.python is not None:
        try:
            resolver = load_resolver(entry.python, loaded.folder)
        except ResolverFault as fault:
            compiler.problems.append(where.at("python").problem(str(fault)))
    said, name_node = (entry.name, where.at("name")) if entry.name else (model.name, node.at("name"))
    name = compiler.text(said, name_node, "name") if said else None
    given, given_node = (model.given, node.at("given")) if entry.given is None else (entry.given, where.at("given"))
    states = [_compile_state(state, given_node.at(at), compiler) for at, state in enumerate(given)]
    dialogue = compile_dialogue(loaded, index, compiler)
    varies = (
        dialogue is not None
        or compiled.static is None
        or entry.python is not None
        or entry.passthrough is not None
        or callable(name)
        or entry.when is not None
        or any(state.varies for state in states)
        or callable(compiled.wait)
    )
    return DescribedEntry(
        compiled,
        index,
        resolver,
        name,
        _compile_when(entry.when, where.at("when"), compiler),
        states,
        constant=None if varies else tuple(state.of({}) for state in states),
        rules=_declared_rules(loaded, compiled),
        named=_named_headers(loaded, compiled, compiler),
        cookies=tuple(sorted({*(model.request_part.cookies or {}), *_read(compiler, "cookies")})),
        record=model.record if entry.record is None else entry.record,
        dialogue=dialogue,
    )


def _compile_state(state: GivenState, node: Node, compiler: Compiler) -> CompiledState:
    params = compiler.json(state.params, node.at("params"), "given")
    return CompiledState(
        compiler.text(state.name, node.at("name"), "given"), state.params if params is None else params
    )


def _declared_rules(loaded: LoadedHandler, compiled: CompiledEntry) -> dict[str, Mapping[str, Json]]:
    """By side; one without rules is there if the handler says so, which means that none shall be found for it."""
    parts: dict[str, RequestPart | ResponseEntry] = {"request": loaded.model.request_part, "response": compiled.model}
    return {side: part.matching for side, part in parts.items() if part.matching or "matching" in part.model_fields_set}


def _literal(loaded: LoadedHandler) -> tuple[str, ...]:
    """What conditions and templates say that may be a UUID, a time or the like; a contract keeps it as it is."""
    part = loaded.model.request_part
    said = {name: getattr(part, name) for name in part.model_fields_set if name not in {"matching", "graphql"}}
    if part.graphql is not None:
        said["graphql"] = part.graphql.model_dump(exclude_unset=True)
    entries = [entry.model_dump(exclude_unset=True, exclude=_NOT_OF_BODIES) for entry in loaded.model.entries]
    pieces = [piece for entry in loaded.model.entries for piece in (*(entry.sse or ()), *(entry.stream or ()))]
    conditions = [loaded.model.when, *(entry.when for entry in loaded.model.entries)]
    expressions = [each for each in (*conditions, *(piece.for_each for piece in pieces)) if each]
    texts = [*(str(value) for value in scalars(said)), *expressions]
    said_in_templates = [str(value) for value in scalars([*entries, loaded.model.then]) if "{{" in str(value)]
    files = [each for entry in loaded.model.entries if (each := _template_file(entry, loaded.folder))]
    lines = [line for text in (*said_in_templates, *files) for line in text.splitlines()]
    return tuple(dict.fromkeys([text for text in (*texts, *lines) if MAY_VARY.search(text)]))


def _template_file(entry: ResponseEntry, folder: Folder) -> str:
    """The text of an entry's `.j2` file; nothing where it has none, or one that cannot be read."""
    if not (entry.file or "").endswith(".j2"):
        return ""
    try:
        return folder.content(entry.file or "").decode()
    except ValueError:
        return ""


def _named_headers(loaded: LoadedHandler, compiled: CompiledEntry, compiler: Compiler) -> tuple[str, ...]:
    names = [name.lower() for name in loaded.model.request_part.headers or {} if not name.startswith("$")]
    return (
        *header_places("request", dict.fromkeys((*names, *_read(compiler, "headers")))),
        *header_places("response", compiled.declared_headers),
    )


def _read(compiler: Compiler, part: str) -> list[str]:
    return sorted(name for of, name in compiler.reads if of == part)
