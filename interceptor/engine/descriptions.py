"""What the contract file adds to exchanges that no handler answered: names, states and rules, or that they stay out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from interceptor.answering.rendering import RenderFault
from interceptor.engine.compiled import CompiledHandler, Selection
from interceptor.engine.handler_sets import HandlerSet, compile_handlers
from interceptor.engine.scopes import HandlerState
from interceptor.engine.select import Match, MatchContext, applicable
from interceptor.handlers.descriptions import LoadedDescription, load_description_file
from interceptor.handlers.loading import Loaded
from interceptor.project.config import Project
from interceptor.values.errors import Problem
from interceptor.values.exchange import Exchange
from interceptor.values.json_text import Json
from interceptor.values.place import header_places


class Descriptions:
    """The entries of a contract file, compiled.

    Args:
        project: whose providers they name.
        loaded: the entries, in their order.
        problems: what loading them found; errors among it are raised.

    Raises:
        ConfigurationError: with every problem of the file.
    """

    def __init__(self, project: Project, loaded: Sequence[LoadedDescription], problems: list[Problem]) -> None:
        self.handlers = HandlerSet(
            project, compile_handlers(Loaded([each.handler for each in loaded], {}, problems), 0, frozenset())
        )
        self.warnings = [problem for problem in problems if problem.severity == "warning"]
        self.used: set[str] = set()
        """The places of the entries that described an exchange."""
        self.faults: dict[str, None] = {}
        """What templates failed to say, each once."""
        self._loaded = loaded

    def concern(self, exchange: Exchange) -> bool:
        """Whether an entry may be about an exchange: no handler of ours has said anything about it."""
        known = exchange.metadata
        return bool(self._loaded) and known.entry is None and not known.further_handlers

    def described(self, exchange: Exchange) -> Exchange:
        """The exchange with what the first entry that applies says about it.

        While states are declared, entries are chosen by `given` as handlers are.
        """
        if not self.concern(exchange):
            return exchange
        states = frozenset(state.name for state in exchange.metadata.states)
        for handler, _, selection in applicable(self._matching(exchange), states):
            if isinstance(selection, RenderFault):
                self.faults[str(selection)] = None
                return exchange
            self.used.add(handler.loaded.place)
            try:
                return self._with(exchange, handler, selection)
            except RenderFault as fault:
                self.faults[str(fault)] = None
                return exchange
        return exchange

    def _matching(self, exchange: Exchange) -> Iterator[Match]:
        request, router = exchange.request, self.handlers.router
        status = None if exchange.response is None else exchange.response.status
        for route, params in router.candidates(request, router.locate(request)):
            if self._loaded[route.rank].status in {None, status} and route.matches(request):
                context = MatchContext(request, params, exchange.metadata, HandlerState({}))
                yield self.handlers[route.rank], context

    def _with(self, exchange: Exchange, handler: CompiledHandler, selection: Selection) -> Exchange:
        entry, known = selection.entry, exchange.metadata
        metadata = replace(
            known,
            name=selection.name,
            states=known.states if self._loaded[handler.route.rank].keeps_states else selection.states,
            rules=entry.rules,
            named=(*known.named, *entry.named, *_ruled_headers(entry.rules)),
            literal=(*known.literal, *handler.literal),
            record=known.record and entry.record,
        )
        return replace(exchange, metadata=metadata)


def _ruled_headers(rules: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """The headers that have a rule, which a pact has to hold then."""
    for side, places in rules.items():
        names = [place.removeprefix("header.").lower() for place in places if place.startswith("header.")]
        yield from header_places("request" if side == "request" else "response", names)


def load_descriptions(project: Project) -> Descriptions:
    """The project's contract file, ready to describe exchanges; nothing is described without one.

    Raises:
        ConfigurationError: with every problem of the file.
    """
    return Descriptions(project, *load_description_file(project))
