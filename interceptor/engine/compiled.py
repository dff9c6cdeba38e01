"""One handler, compiled: when it applies, what it answers, what is known about the exchange."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interceptor.answering.rendering import Compiler, Render, RenderFault, TemplateValues, rendered
from interceptor.answering.resolvers import Resolver, ResolverFault, entry_of, explain, load_resolver
from interceptor.answering.responses import Answer, CompiledEntry, compile_entry
from interceptor.answering.templates import Template, TemplateFault, compile_expression
from interceptor.answering.views import RequestView, ResponseView
from interceptor.engine.browsers import cors_headers
from interceptor.engine.misses import failed_response
from interceptor.handlers.language import DelayRange, Elsewhere, GivenState, ResponseEntry
from interceptor.handlers.loading import LoadedHandler
from interceptor.matching.paths import Params
from interceptor.matching.router import Route
from interceptor.project.yaml_file import Node
from interceptor.values.decisions import Decision, Failed, Mocked, Passthrough
from interceptor.values.exchange import Metadata, ProviderState
from interceptor.values.json_text import Json
from interceptor.values.lean import lean
from interceptor.values.messages import Request, Response
from interceptor.values.places import leaves

_MAY_VARY = re.compile(r"[0-9a-fA-F]{4}-[0-9a-fA-F]{4}|\d{4}-\d\d-\d\d|\d\d:\d\d|\d{10}|eyJ|[\w-]{16}")
_BODY_PARTS = frozenset({"json_", "form", "multipart", "text", "graphql"})
EVERYTHING = ("response.$", "response.body")
"""The places of an answer that somebody else made."""


@dataclass(slots=True)
class HandlerState:
    """What the handlers of one scope remember: calls counted, data changed."""

    data: dict[str, Json]
    calls: dict[int, int] = field(default_factory=dict)
    """How often a handler, by its rank, has answered."""

    def copy(self) -> HandlerState:
        return HandlerState(dict(self.data), dict(self.calls))


@lean(frozen=True, slots=True)
class MatchContext:
    """A request that a handler's request part matches, and all that its answer may depend on."""

    request: Request
    params: Params
    metadata: Metadata
    """What the request's address says about the exchange."""
    memory: HandlerState


@dataclass(frozen=True, slots=True)
class _State:
    name: str | Render
    params: Mapping[str, Json] | Render

    @property
    def varies(self) -> bool:
        return callable(self.name) or callable(self.params)

    def of(self, values: TemplateValues) -> ProviderState:
        name = self.name if isinstance(self.name, str) else str(self.name(values, []))
        params = self.params(values, []) if callable(self.params) else self.params
        return ProviderState(name, params)


@dataclass(frozen=True, slots=True)
class _CompiledEntry:
    """One answer with what the contract says about it."""

    entry: CompiledEntry
    index: int
    """Its place in the handler's own list."""
    resolver: Resolver | None
    name: str | Render | None
    states: Sequence[_State]
    rules: Mapping[str, Mapping[str, Json]]
    named: tuple[str, ...]
    record: bool
    constant: tuple[ProviderState, ...] | None
    """Its states, where nothing about it depends on the request."""

    @property
    def passes_unread(self) -> bool:
        """True where it passes a request on, and neither changes the answer nor looks at the request's body."""
        model = self.entry.model
        plain = model.passthrough is not None and not _patches(model) and self.resolver is None
        return plain and not callable(self.name) and not any(state.varies for state in self.states)


@lean(frozen=True, slots=True)
class Selection:
    """One call of a handler: the entry whose turn it is, and the values for its templates."""

    entry: _CompiledEntry
    calls: int
    values: dict[str, Any]
    states: tuple[ProviderState, ...]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A resolver to be called; `finish` gives None where its result says that the handler steps aside."""

    call: Callable[[], Any]
    finish: Callable[[Any], Decision | None]
    fail: Callable[[BaseException], Decision]


@dataclass(frozen=True, slots=True)
class CompiledHandler:
    """A loaded handler and all that was compiled from it."""

    loaded: LoadedHandler
    route: Route
    when: Template | None
    entries: Sequence[_CompiledEntry]
    """An entry stands as often as its `times` says."""
    then: Mapping[str, tuple[Json, Render | None]]
    literal: tuple[str, ...] = ()
    """What the request part says that may be a UUID, a time or the like."""
    cacheable: Selection | None = None
    """Its turn, where that is the same for every request that matches, however often it comes."""

    def selection(self, context: MatchContext) -> Selection | None:
        """The handler's turn, or None where it steps aside: used up, or its `when` is false.

        Raises:
            RenderFault: where a template fails.
        """
        if self.cacheable is not None:
            return self.cacheable
        calls = context.memory.calls.get(self.route.rank, 0)
        entry = self._entry(calls)
        if entry is None:
            return None
        if entry.constant is not None and self.when is None and not self.then:
            return Selection(entry, calls, {}, entry.constant)
        values = {
            "request": RequestView(context.request, context.metadata.path or context.request.path),
            "params": context.params,
            "variables": self._variables(context.request),
            "data": context.memory.data,
            "call": calls + 1,
        }
        if self.when is not None and not rendered(self.when, self.loaded.node.at("when"), values):
            return None
        return Selection(entry, calls, values, tuple(state.of(values) for state in entry.states))

    def passes_unread(self, request: Request) -> bool:
        """True where a request that has this address passes as it is, whatever its body says."""
        model = self.loaded.model
        looks_at_bodies = not _BODY_PARTS.isdisjoint(model.request_part.model_fields_set)
        if looks_at_bodies or self.when is not None or model.once or not self.route.matches(request):
            return False
        return all(entry.passes_unread for entry in self.entries)

    def decide(self, context: MatchContext, selection: Selection) -> Decision | Unresolved:
        """What the handler does in its turn; counted, where it answers at once."""
        try:
            if selection.entry.resolver is not None:
                return self._resolving(context, selection, selection.entry.resolver)
            if selection.entry.entry.model.passthrough is not None:
                return self._passthrough(context, selection)
            return self._answered(context, selection, selection.entry.entry.answer(selection.values))
        except RenderFault as fault:
            return self.failed(context, str(fault))

    def always(self, context: MatchContext) -> Mocked | None:
        """The handler's one answer, where it has the same for every request that matches, however often it comes."""
        selection = self.cacheable
        if selection is None:
            return None
        return self._answered(context, selection, selection.entry.entry.answer({}), again=True)

    def failed(self, context: MatchContext, explanation: str) -> Failed:
        metadata = replace(context.metadata, handler=self.loaded.place)
        return Failed(failed_response(context.request, self.loaded.place, explanation), metadata, explanation)

    def _entry(self, calls: int) -> _CompiledEntry | None:
        if calls < len(self.entries):
            return self.entries[calls]
        if self.loaded.model.once:
            return None
        return self.entries[calls % len(self.entries) if self.loaded.model.cycle else -1]

    def _variables(self, request: Request) -> Mapping[str, Json]:
        if self.loaded.model.request_part.graphql is None:
            return {}
        from interceptor.matching.graphql_requests import graphql_operations  # noqa: PLC0415  # slow, and seldom needed

        return graphql_operations(request).each[0].variables

    def _answered(self, context: MatchContext, selection: Selection, answer: Answer, *, again: bool = False) -> Mocked:
        changes = self._changes(answer, selection.values)
        context.memory.calls[self.route.rank] = selection.calls + 1
        context.memory.data.update(changes)
        return Mocked(
            answer.response,
            self._metadata(context, selection, answer.generated),
            selection.entry.entry.delay(),
            cors_headers(context.request, answer.response.headers),
            answer.stream,
            selection.entry.entry.model.error,
            again,
        )

    def _metadata(self, context: MatchContext, selection: Selection, generated: tuple[str, ...]) -> Metadata:
        entry, known = selection.entry, context.metadata
        name = (
            entry.name if entry.name is None or isinstance(entry.name, str) else str(entry.name(selection.values, []))
        )
        return Metadata(
            provider=known.provider,
            path=known.path,
            handler=self.loaded.place,
            entry=entry.index,
            name=name or None,
            states=selection.states,
            test=known.test,
            scope=known.scope,
            rules=entry.rules,
            named=entry.named,
            generated=generated,
            literal=self.literal,
            record=entry.record,
        )

    def _changes(self, answer: Answer, values: TemplateValues) -> dict[str, Json]:
        if not self.then:
            return {}
        response = answer.response
        view = ResponseView(response.status, response.headers, response.body, answer.json)
        names = {**values, "response": view}
        return {name: value if render is None else render(names, []) for name, (value, render) in self.then.items()}

    def _passthrough(self, context: MatchContext, selection: Selection) -> Passthrough:
        model = selection.entry.entry.model
        context.memory.calls[self.route.rank] = selection.calls + 1
        metadata = self._metadata(context, selection, ())
        to = None
        if isinstance(model.passthrough, Elsewhere):
            query = context.request.query_string
            path = metadata.path or context.request.path
            to = f"{model.passthrough.to.rstrip('/')}{path}{'?' if query else ''}{query}"
        if not _patches(model):
            return Passthrough("handler", metadata, to=to)

        def patch(real: Response) -> Mocked | Failed:
            view = ResponseView.of(real)
            try:
                answer = selection.entry.entry.answer({**selection.values, "upstream": view})
                return self._answered(context, selection, _patched(selection.entry.entry, answer, real))
            except RenderFault as fault:
                return self.failed(context, str(fault))

        return Passthrough("handler", metadata, to=to, patch=patch)

    def _resolving(self, context: MatchContext, selection: Selection, resolver: Resolver) -> Unresolved:
        reference = str(selection.entry.entry.model.python)
        own = replace(context.request)  # what it reads from the body it may change, and equal requests share theirs
        view = RequestView(own, context.metadata.path or own.path)
        params, data = dict(context.params), copy.deepcopy(context.memory.data)

        def finish(result: Any) -> Decision | None:
            if result is None:
                return None
            try:
                entry = entry_of(result, reference)
                compiler = Compiler(literal=True)
                compiled = compile_entry(entry, selection.entry.entry.node, self.loaded.folder, compiler)
                if compiler.problems:
                    return self.failed(context, f"{reference} returned no response: {compiler.problems[0].message}")
                answer = compiled.answer(selection.values)
                generated = (*EVERYTHING, *(f"response.headers.{name}" for name, _ in answer.response.headers))
                resolved = replace(selection, entry=replace(selection.entry, entry=compiled))
                return self._answered(context, resolved, replace(answer, generated=generated))
            except (ResolverFault, RenderFault) as fault:
                return self.failed(context, str(fault))

        def fail(error: BaseException) -> Decision:
            file = reference.rpartition(":")[0]
            return self.failed(context, explain(error, self.loaded.folder.resolve(file), file))

        return Unresolved(lambda: resolver(view, params, data), finish, fail)


def _patches(entry: ResponseEntry) -> bool:
    """True where an entry says something of its own beside `passthrough`."""
    return entry.body_kind is not None or bool(entry.model_fields_set & {"status", "headers"})


def _patched(entry: CompiledEntry, answer: Answer, real: Response) -> Answer:
    """The real answer with what the handler says in its place."""
    declared = entry.model
    names = {name for name, _ in answer.response.headers}
    if declared.body_kind:
        names |= {"content-length", "content-encoding", "transfer-encoding"}
    headers = (*((name, value) for name, value in real.headers if name not in names), *answer.response.headers)
    response = Response(
        real.status if declared.status is None else answer.response.status,
        headers,
        answer.response.body if declared.body_kind else real.body,
    )
    generated = (*EVERYTHING, *(f"response.headers.{name}" for name, _ in headers))
    return Answer(response, answer.json if declared.body_kind else ResponseView.of(real).json, generated)


def bind(loaded: LoadedHandler, route: Route, compiler: Compiler) -> CompiledHandler:
    """Compile a handler; what is wrong with it is added to the compiler's problems."""
    model, node = loaded.model, loaded.node
    when = None
    if model.when is not None:
        where = node.at("when")
        try:
            when = compile_expression(model.when, compiler.known)
        except TemplateFault as fault:
            bare = model.when.strip()
            if bare.startswith("{{") and bare.endswith("}}"):
                message = "when is an expression already; leave out the braces"
                compiler.problems.append(where.problem(message, paste=f"when: {bare[2:-2].strip()}"))
            else:
                compiler.problems.append(where.problem(str(fault)))
    entries: list[_CompiledEntry] = []
    for index, entry in enumerate(model.entries):
        entries += [_bind_entry(loaded, index, compiler)] * entry.times
    if model.then and any(entry.passthrough and not _patches(entry) for entry in model.entries):
        message = "then needs an answer of the handler's own: put status, headers or a body beside passthrough"
        compiler.problems.append(node.at("then").problem(message))
    cacheable, first = None, entries[0]
    if when is None and not model.then and not model.once and all(entry is first for entry in entries):
        cacheable = None if first.constant is None else Selection(first, 0, {}, first.constant)
    after = replace(compiler, known=(*compiler.known, "response"))
    then = {name: (value, after.json(value, node.at("then", name), "then")) for name, value in model.then.items()}
    return CompiledHandler(loaded, route, when, entries, then, _literal(loaded), cacheable)


def _bind_entry(loaded: LoadedHandler, index: int, compiler: Compiler) -> _CompiledEntry:
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
    varies = (
        compiled.static is None
        or entry.python is not None
        or entry.passthrough is not None
        or callable(name)
        or any(state.varies for state in states)
        or (isinstance(entry.delay, DelayRange) and entry.delay.min != entry.delay.max)
    )
    return _CompiledEntry(
        compiled,
        index,
        resolver,
        name,
        states,
        constant=None if varies else tuple(state.of({}) for state in states),
        rules=_declared_rules(loaded, compiled),
        named=_named_headers(loaded, compiled),
        record=model.record if entry.record is None else entry.record,
    )


def _compile_state(state: GivenState, node: Node, compiler: Compiler) -> _State:
    params = compiler.json(state.params, node.at("params"), "given")
    return _State(compiler.text(state.name, node.at("name"), "given"), state.params if params is None else params)


def _declared_rules(loaded: LoadedHandler, compiled: CompiledEntry) -> dict[str, Mapping[str, Json]]:
    declared = {"request": loaded.model.request_part.matching, "response": compiled.model.matching}
    return {side: rules for side, rules in declared.items() if rules}


def _literal(loaded: LoadedHandler) -> tuple[str, ...]:
    """The texts of the conditions that may say a UUID, a time or the like; a contract keeps those as they are."""
    part = loaded.model.request_part.model_dump(exclude={"matching"}, exclude_none=True)
    texts = [str(value) for _, value in leaves(part)] + [loaded.model.when or ""]
    return tuple(dict.fromkeys(text for text in texts if _MAY_VARY.search(text)))


def _named_headers(loaded: LoadedHandler, compiled: CompiledEntry) -> tuple[str, ...]:
    asked = [name.lower() for name in loaded.model.request_part.headers or {} if not name.startswith("$")]
    return (
        *(f"request.headers.{name}" for name in dict.fromkeys(asked)),
        *(f"response.headers.{name}" for name in compiled.declared_headers),
    )
