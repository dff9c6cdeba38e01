"""Selects the handlers that apply to a request, and the entry of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from interceptor.answering.fakes import Fakes
from interceptor.answering.rendering import RenderFault, rendered
from interceptor.answering.views import RequestView
from interceptor.engine.chance import drawn_entries
from interceptor.engine.compiled import CompiledHandler, DescribedEntry, Selection
from interceptor.engine.scopes import HandlerState
from interceptor.matching.paths import Params
from interceptor.values.exchange import Metadata
from interceptor.values.json_text import Json
from interceptor.values.lean import lean
from interceptor.values.messages import Request


@lean(frozen=True, slots=True)
class MatchContext:
    """A request that a handler's request part matches, and everything that its response may depend on."""

    request: Request
    params: Params
    metadata: Metadata
    """What is known about the exchange from the request's address."""
    memory: HandlerState
    seed: int = 0
    """Of what happens by chance."""


Match: TypeAlias = tuple[CompiledHandler, MatchContext]
Applicable: TypeAlias = tuple[CompiledHandler, MatchContext, Selection | RenderFault]
"""The fault of a template that should have decided whether the handler applies."""


def applicable(matches: Iterable[Match], states: frozenset[str]) -> Iterator[Applicable]:
    """The handlers that apply, in order.

    If states are declared, handlers whose `given` they satisfy come before those without one, and those with
    another `given` do not apply.
    """
    later: list[Applicable] = []
    for handler, context in matches:
        try:
            selection = select(handler, context, states)
        except RenderFault as fault:
            yield handler, context, fault
            return
        if selection is None:
            continue
        if not states:
            yield handler, context, selection
        elif not selection.states:
            later.append((handler, context, selection))
        elif states.issuperset(state.name for state in selection.states):
            yield handler, context, selection
    yield from later


def select(handler: CompiledHandler, context: MatchContext, states: frozenset[str] = frozenset()) -> Selection | None:
    """The handler's selection, or None if it declines: it is used up, or its `when` is false.

    Raises:
        RenderFault: a template fails.
    """
    if handler.cacheable is not None:
        return handler.cacheable
    calls = context.memory.calls.get(handler.route.rank, 0)
    drawn = drawn_entries(handler, context.memory, context.metadata.test, context.seed) if handler.by_chance else []
    turn = turn_of(handler, context.memory)
    if not drawn and turn is None:
        return None
    entry = drawn[0] if turn is None or drawn else handler.entries[turn]
    plain = handler.when is None and not handler.then and not handler.calls
    if entry.constant is not None and plain and not (handler.chooses and states):
        return Selection(entry, calls, {}, entry.constant)
    values = template_values(handler, context, calls)
    if handler.when is not None and not rendered(handler.when, handler.loaded.node.at("when"), values):
        return None
    if not handler.chooses:
        return Selection(entry, calls, values, tuple(state.of(values) for state in entry.states))
    in_turn = () if turn is None else (*handler.entries[turn:], *handler.entries[:turn])
    return _chosen((*drawn, *in_turn), calls, values, states)


def template_values(handler: CompiledHandler, context: MatchContext, calls: int) -> dict[str, Any]:
    """What templates find under the names that they know."""
    return {
        "request": RequestView(context.request, context.metadata.path or context.request.path),
        "params": context.params,
        "variables": _variables(handler, context.request),
        "data": context.memory.data,
        "call": calls + 1,
        "fake": Fakes(partial(_fakes_depend_on, handler, context, calls)),
    }


def _fakes_depend_on(handler: CompiledHandler, context: MatchContext, calls: int) -> str:
    """What makes fakes the same in every run; the request's body does not count, which often holds a time or an id."""
    part, request = handler.loaded.model.request_part, context.request
    said = part.model_dump_json(exclude_unset=True, by_alias=True)
    return f"{context.seed}\n{said}\n{calls}\n{context.metadata.path or request.path}\n{request.query}"


def turn_of(handler: CompiledHandler, memory: HandlerState) -> int | None:
    """Which entry has the turn, of those without a chance; None where all are used up."""
    count, rank = len(handler.entries), handler.route.rank
    calls = memory.calls.get(rank, 0) - memory.drawn.get(rank, 0)
    if calls < count:
        return calls
    if handler.loaded.model.once or not count:
        return None
    return calls % count if handler.loaded.model.cycle else count - 1


def _chosen(
    entries: Iterable[DescribedEntry], calls: int, values: dict[str, Any], states: frozenset[str]
) -> Selection | None:
    """The first entry whose own conditions hold."""
    seen: set[int] = set()
    for entry in entries:
        if entry.index in seen:
            continue
        seen.add(entry.index)
        where = entry.compiled.node.at("when")
        if entry.when is not None and not rendered(entry.when, where, values):
            continue
        given = tuple(state.of(values) for state in entry.states)
        if states.issuperset(state.name for state in given) or not states:
            return Selection(entry, calls, values, given)
    return None


def _variables(handler: CompiledHandler, request: Request) -> Mapping[str, Json]:
    if handler.loaded.model.request_part.graphql is None:
        return {}
    from interceptor.matching.graphql_requests import graphql_operations  # noqa: PLC0415  # slow, and seldom needed

    return graphql_operations(request).each[0].variables
