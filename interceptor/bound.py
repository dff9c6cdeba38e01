"""One handler, compiled: when it applies, what it answers, what is known about the exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from interceptor.cors import cors_headers
from interceptor.decisions import Mocked, Note
from interceptor.handler_files import LoadedHandler
from interceptor.handlers import State
from interceptor.messages import Json, ProviderState, Request
from interceptor.paths import Params
from interceptor.rendering import Compiler, Render, Values, rendered
from interceptor.request_view import RequestView, ResponseView
from interceptor.responses import Answer, CompiledEntry, compile_entry
from interceptor.router import Route
from interceptor.templates import Template, TemplateFault, compile_expression
from interceptor.yamlfile import Node


@dataclass(slots=True)
class Scope:
    """What the handlers remember: calls counted, data changed. A reset makes a new one."""

    data: dict[str, Json]
    calls: dict[int, int] = field(default_factory=dict)
    """How often a handler, by its rank, has answered."""


@dataclass(frozen=True, slots=True)
class _State:
    name: str | Render
    params: Mapping[str, Json] | Render


@dataclass(frozen=True, slots=True)
class _BoundEntry:
    """One answer with what the contract says about it."""

    entry: CompiledEntry
    name: str | Render | None
    states: Sequence[_State]
    rules: Mapping[str, Mapping[str, Json]]
    named: tuple[str, ...]
    record: bool


@dataclass(frozen=True, slots=True)
class BoundHandler:
    """A loaded handler and all that was compiled from it."""

    loaded: LoadedHandler
    route: Route
    when: Template | None
    entries: Sequence[_BoundEntry]
    """An entry stands as often as its `times` says."""
    indexes: Sequence[int]
    """The place of each in the handler's own list."""
    then: Mapping[str, tuple[Json, Render | None]]

    def offers(self, request: Request, params: Params, known: Note, scope: Scope) -> Mocked | None:
        """The answer to a request whose request part matches, or None where the handler steps aside.

        Stepping aside consumes nothing; an answer is counted, and its `then` changes the scope's data.
        `known` holds what the request's address says about the exchange.

        Raises:
            RenderFault: where a template fails.
        """
        calls = scope.calls.get(self.route.rank, 0)
        index = self._index(calls)
        if index is None:
            return None
        view = RequestView(request, known.path or request.path)
        values = {"request": view, "params": params, "data": scope.data, "call": calls + 1}
        if self.when is not None and not rendered(self.when, self.loaded.node.at("when"), values):
            return None
        bound = self.entries[index]
        answer = bound.entry.answer(values)
        name = bound.name if bound.name is None or isinstance(bound.name, str) else str(bound.name(values, []))
        note = Note(
            provider=known.provider,
            path=known.path,
            handler=self.loaded.place,
            entry=self.indexes[index],
            name=name or None,
            states=tuple(_state(state, values) for state in bound.states),
            test=known.test,
            scope=known.scope,
            rules=bound.rules,
            named=bound.named,
            made=answer.made,
            record=bound.record,
        )
        changes = self._changes(answer, values)
        scope.calls[self.route.rank] = calls + 1
        scope.data.update(changes)
        return Mocked(answer.response, note, bound.entry.delay(), cors_headers(request, answer.response.headers))

    def _index(self, calls: int) -> int | None:
        if calls < len(self.entries):
            return calls
        if self.loaded.model.once:
            return None
        return calls % len(self.entries) if self.loaded.model.cycle else -1

    def _changes(self, answer: Answer, values: Values) -> dict[str, Json]:
        if not self.then:
            return {}
        response = answer.response
        view = ResponseView(response.status, response.headers, response.body, answer.json)
        names = {**values, "response": view}
        return {name: value if render is None else render(names, []) for name, (value, render) in self.then.items()}


def _state(state: _State, values: Values) -> ProviderState:
    name = state.name if isinstance(state.name, str) else str(state.name(values, []))
    params = state.params(values, []) if callable(state.params) else state.params
    return ProviderState(name, params)


def bind(loaded: LoadedHandler, route: Route, compiler: Compiler) -> BoundHandler:
    """Compile a handler; what is wrong with it is added to the compiler's problems."""
    model, node = loaded.model, loaded.node
    when = None
    if model.when is not None:
        try:
            when = compile_expression(model.when, compiler.known)
        except TemplateFault as fault:
            compiler.problems.append(node.at("when").problem(str(fault)))
    entries: list[_BoundEntry] = []
    indexes: list[int] = []
    for index, entry in enumerate(model.entries):
        where = node.at("response").at(index)
        compiled = compile_entry(entry, where, loaded.folder, compiler)
        name, name_node = (entry.name, where.at("name")) if entry.name else (model.name, node.at("name"))
        given, given_node = (model.given, node.at("given")) if entry.given is None else (entry.given, where.at("given"))
        bound = _BoundEntry(
            compiled,
            compiler.text(name, name_node, "name") if name else None,
            [_compile_state(state, given_node.at(at), compiler) for at, state in enumerate(given)],
            rules=_declared_rules(loaded, compiled),
            named=_named_headers(loaded, compiled),
            record=model.record if entry.record is None else entry.record,
        )
        entries += [bound] * entry.times
        indexes += [index] * entry.times
    after = replace(compiler, known=(*compiler.known, "response"))
    then = {name: (value, after.json(value, node.at("then", name), "then")) for name, value in model.then.items()}
    return BoundHandler(loaded, route, when, entries, indexes, then)


def _compile_state(state: State, node: Node, compiler: Compiler) -> _State:
    params = compiler.json(state.params, node.at("params"), "given")
    return _State(compiler.text(state.name, node.at("name"), "given"), state.params if params is None else params)


def _declared_rules(loaded: LoadedHandler, compiled: CompiledEntry) -> dict[str, Mapping[str, Json]]:
    declared = {"request": loaded.model.request_part.matching, "response": compiled.model.matching}
    return {side: rules for side, rules in declared.items() if rules}


def _named_headers(loaded: LoadedHandler, compiled: CompiledEntry) -> tuple[str, ...]:
    asked = [name.lower() for name in loaded.model.request_part.headers or {} if not name.startswith("$")]
    return (
        *(f"request.headers.{name}" for name in dict.fromkeys(asked)),
        *(f"response.headers.{name}" for name in compiled.declared_headers),
    )
