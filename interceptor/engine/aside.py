"""Why a handler does not answer a request that its request part matches."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from interceptor.answering.rendering import RenderFault, rendered
from interceptor.answering.template import TemplateFault
from interceptor.answering.templates import compile_expression, mentioned
from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.select import MatchContext, select, template_values, turn_of
from interceptor.matching.mismatches import Mismatch, display

_TOLD = ("params", "request", "variables", "call")
"""What a `when` may depend on that differs from request to request."""
_TOLD_OF_MASKED = ("request", "call")


def why_aside(
    handler: CompiledHandler, context: MatchContext, states: frozenset[str], shown: MatchContext
) -> list[Mismatch]:
    """The reasons, as mismatches.

    Args:
        handler: matches the request.
        context: the request.
        states: those that a test declares.
        shown: the request as it may be shown: the same, or without its secrets.
    """
    calls = context.memory.calls.get(handler.route.rank, 0)
    if handler.entries and turn_of(handler, context.memory) is None:
        count = len(handler.entries)
        return [Mismatch("once", f"at most {count} {'call' if count == 1 else 'calls'}", f"call {calls + 1}")]
    try:
        selection = select(handler, context)
    except RenderFault:
        return []
    if selection is None:
        told = _TOLD if shown.request is context.request else _TOLD_OF_MASKED
        return _undrawn(handler) + [
            Mismatch("when", condition, _falsehood(condition, handler, shown, calls, told))
            for condition in _false_conditions(handler, context, calls)
        ]
    missing = [state.name for state in selection.states if state.name not in states]
    if states and missing:
        return [Mismatch("given", f"{display(name)} declared", _declared(states)) for name in missing]
    return [Mismatch("python", "a response", "None")] if selection.entry.resolver is not None else []


def _undrawn(handler: CompiledHandler) -> list[Mismatch]:
    """That no entry was drawn, as far as it may be the reason."""
    likely = max((entry.compiled.model.chance or 0.0 for entry in handler.by_chance), default=1.0)
    return [] if handler.entries or likely == 1 else [Mismatch("chance", f"{likely:g}", "another draw")]


def _declared(states: frozenset[str]) -> str:
    return "only " + ", ".join(display(name) for name in sorted(states))


def _false_conditions(handler: CompiledHandler, context: MatchContext, calls: int) -> list[str]:
    """The handler's `when`; if that holds, those of its entries."""
    model, values = handler.loaded.model, template_values(handler, context, calls)
    if handler.when is not None and not rendered(handler.when, handler.loaded.node.at("when"), values):
        return [model.when or ""]
    return list(dict.fromkeys(entry.when for entry in model.entries if entry.when))


def _falsehood(condition: str, handler: CompiledHandler, shown: MatchContext, calls: int, told: Collection[str]) -> str:
    """`false, with params.id "12"`."""
    values = list(_values(condition, handler, shown, calls, told))
    return "false" if not values else f"false, with {', '.join(values)}"


def _values(
    condition: str, handler: CompiledHandler, shown: MatchContext, calls: int, told: Collection[str]
) -> Iterator[str]:
    values = template_values(handler, shown, calls)
    for name in mentioned(condition):
        if name.partition(".")[0] not in told:
            continue
        try:
            value = compile_expression(name, values).render(values)
        except TemplateFault:
            yield f"no {name}"
        else:
            yield f"{name} {display(value)}"
