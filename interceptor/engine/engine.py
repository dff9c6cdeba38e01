"""Decides what happens to a request, with the router, the responses and the scopes.

It is synchronous and does no I/O; delays are data for the caller, which is one of the proxy's listeners.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interceptor.answering.rendering import RenderFault
from interceptor.answering.resolvers import forget_resolvers
from interceptor.engine.aside import why_aside
from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.elsewhere import ForeignHandlers, asking
from interceptor.engine.graphql_batches import batch_refused, combined, split_batch
from interceptor.engine.graphql_schemas import as_accepted, load_schemas, refused
from interceptor.engine.handler_sets import HandlerSet, load_project_handlers, load_run_time_handlers
from interceptor.engine.misses import Mask, Masked, NearMiss, elsewhere, explain, handler_to_paste, unhandled_response
from interceptor.engine.respond import Unresolved, constant_answer, failed, respond
from interceptor.engine.scopes import HandlerState, Scope
from interceptor.engine.select import Applicable, Match, MatchContext, applicable, select
from interceptor.matching.requests import opens_websocket
from interceptor.matching.router import ANY_METHOD, Located
from interceptor.project.config import Policy, Project
from interceptor.values.browsers import is_favicon, is_preflight, preflight_response
from interceptor.values.decisions import Decision, Mocked, Passthrough, Resolving, Unhandled
from interceptor.values.errors import Problem
from interceptor.values.exchange import Metadata
from interceptor.values.exclusion import Exclusion
from interceptor.values.json_text import Json
from interceptor.values.lean import lean, nothing_is_garbage
from interceptor.values.messages import Request, Response
from interceptor.values.origins import Origin, is_loopback

if TYPE_CHECKING:
    from interceptor.matching.graphql_schemas import ProviderSchema

_MOST_SCOPES = 1000
"""Workers to remember; the one not heard of for the longest time is forgotten first."""
_MOST_REMEMBERED = 1000
_HEAVIEST_REMEMBERED = 8192
"""Bytes of a request whose decision is remembered; 8 MB in all."""

SCOPE_HEADER = "x-interceptor-scope"


@lean(frozen=True, slots=True)
class _Incoming:
    """One request to decide about."""

    request: Request
    located: Located
    metadata: Metadata
    scope: Scope
    listener: str | None


class Engine:
    """Decides about requests."""

    def __init__(
        self,
        project: Project,
        handlers: HandlerSet,
        data: dict[str, Json],
        mask: Mask,
        schemas: Mapping[str, ProviderSchema],
    ) -> None:
        self._project = project
        self._mask = mask
        self._settings = project.settings
        self._handlers = handlers
        self._data = data
        self._schemas = schemas
        self._scopes: dict[str, Scope] = {}
        self._exclusion = Exclusion(project.settings.exclude)
        self._next_rank = 0
        self._cacheable: dict[tuple[str, Request], tuple[Scope, Mocked]] = {}
        """Cached decisions; whatever changes their scope replaces the scope's object, and so makes them void."""
        self.warnings: list[Problem] = []
        self.foreign: ForeignHandlers | None = None
        """Handlers in another process, which are asked last."""

    @property
    def handler_places(self) -> list[str]:
        """`file:line` of every handler, in order; of a resource once."""
        return list(dict.fromkeys(handler.loaded.place for handler in self._handlers))

    @property
    def files(self) -> frozenset[Path]:
        """The handler files and all files that they name."""
        foreign = frozenset() if self.foreign is None else self.foreign.files
        return self._handlers.files | foreign | {schema.file for schema in self._schemas.values()}

    @property
    def may_call(self) -> list[str]:
        """The hosts beyond loopback to which calls may go."""
        return self._settings.calls

    @property
    def has_resolvers(self) -> bool:
        """True if a handler of the files has the project's own code make its response."""
        return any(entry.compiled.model.python for handler in self._handlers for entry in handler.every_entry)

    @property
    def hosts(self) -> set[str]:
        """The hosts, or patterns of hosts (`*.example.com`), of providers and handlers."""
        router = self._handlers.router
        return {"*"} if router.anywhere else router.hosts

    @property
    def origins(self) -> list[Origin]:
        """The origins, or patterns of origins, of providers and handlers."""
        return self._handlers.router.origins

    def answering(self, request: Request) -> str | None:
        """`file:line` of the first handler for a request's method and path, or None."""
        router = self._handlers.router
        routes = router.candidates(request, router.locate(request))
        return next((self._handlers[each.rank].loaded.place for each, _ in routes), None)

    def opens(self, scheme: str, host: str, port: int) -> bool:
        """True if TLS to an address may be decrypted, since a provider or a handler is there."""
        address = Origin(scheme, f"[{host}]" if ":" in host else host.lower(), str(port))
        return any(
            handlers.router.anywhere or handlers.router.owns_origin(address) for handlers in self._all_handlers()
        )

    # What tests declare ----------------------------------------------------------------------------------------

    def begin_test(self, name: str | None, scope: str = "") -> None:
        """Begin a test: calls count from zero, data is as in the files, no state is declared."""
        self._renew(scope, Scope(HandlerState(dict(self._data)), name, overrides=self._scope(scope).overrides))

    def declare_states(self, names: frozenset[str], scope: str = "") -> None:
        """Declare the provider states, until a reset or the next test."""
        self._renew(scope, replace(self._scope(scope), states=names))

    def add_handlers(self, text: str, scope: str = "") -> list[str]:
        """Put handlers before all others of a scope, until a reset; returns their places.

        Raises:
            ConfigurationError: with every problem in them.
        """
        present = self._scope(scope)
        added, data = load_run_time_handlers(
            text, self._project, self._next_rank, present.memory.data, test=present.test
        )
        self._next_rank -= len(added)
        known = self._renew(scope, replace(self._scope(scope)))
        known.overrides.insert(0, added)
        known.memory.data.update(data)
        return [handler.loaded.place for handler in added]

    def reset(self, scope: str = "") -> None:
        """Forget everything about a scope except the name of its test."""
        self._renew(scope, Scope(HandlerState(dict(self._data)), self._scope(scope).test))

    def replace_handlers(self, other: Engine) -> None:
        """Take the handlers of a newly loaded engine; counts and data start from scratch."""
        self._handlers, self._data, self.warnings = other._handlers, other._data, other.warnings
        self._schemas = other._schemas
        self._scopes = {
            name: replace(scope, memory=HandlerState(dict(self._data))) for name, scope in self._scopes.items()
        }

    # Decisions -------------------------------------------------------------------------------------------------

    def decide(self, request: Request, *, listener: str | None = None, scope: str = "") -> Decision:
        """Decide about a request.

        Args:
            request: as the client meant it.
            listener: the provider at whose own address it arrived.
            scope: identifies the worker.
        """
        known = self._scope(scope)
        cacheable = self._cacheable.get((scope, request))
        if cacheable is not None and cacheable[0] is known:
            return cacheable[1]
        if self._exclusion.covers(request.url):
            return Passthrough("excluded", Metadata())
        incoming = self._incoming(request, listener, scope)
        if request.body[:1] == b"[" and self._speaks_graphql and (operations := split_batch(request)) is not None:
            return self._batch(incoming, operations)
        decision = self._decide(incoming)
        if self._schemas and isinstance(decision, Mocked) and decision.metadata.provider in self._schemas:
            decision = replace(decision, response=as_accepted(decision.response, request))
        if isinstance(decision, Mocked) and decision.cacheable:
            if request.weight > _HEAVIEST_REMEMBERED or self._depends_on_time:
                return replace(decision, cacheable=False)
            if len(self._cacheable) >= _MOST_REMEMBERED:
                self._cacheable.clear()
            self._cacheable[scope, request] = known, decision
        return decision

    def decide_unread(self, request: Request, *, listener: str | None = None, scope: str = "") -> Passthrough | None:
        """The decision about a request whose body has not arrived, if it passes whatever the body is."""
        if self._exclusion.covers(request.url):
            return Passthrough("excluded", Metadata())
        incoming = self._incoming(request, listener, scope)
        candidates = [
            (handlers[route.rank], params)
            for handlers in self._reachable(incoming.scope)
            for route, params in handlers.router.candidates(request, incoming.located)
        ]
        decision: Decision | Unresolved | None = None
        if not candidates:
            may_pass = self._policy_of(incoming) != "error" and (self.foreign is None or not incoming.located.owned)
            decision = self._not_answered(incoming) if may_pass else None
        elif not incoming.scope.states and candidates[0][0].passes_unread(request):
            handler, params = candidates[0]
            context = MatchContext(request, params, incoming.metadata, incoming.scope.memory, self._settings.seed)
            selection = select(handler, context)
            decision = None if selection is None else respond(handler, context, selection)
        return decision if isinstance(decision, Passthrough) else None

    def _incoming(self, request: Request, listener: str | None, scope: str) -> _Incoming:
        known, located = self._scope(scope), self._handlers.router.locate(request)
        owned = located.owned
        metadata = Metadata(
            provider=owned.provider if owned else None,
            path=owned.path if owned else None,
            test=known.test,
            scope=scope or None,
        )
        return _Incoming(request, located, metadata, known, listener)

    def _decide(self, incoming: _Incoming) -> Decision:
        matching = self._matching(incoming)
        first = next(matching, None)
        if first is None:
            return self._elsewhere(incoming)
        handler, context = first
        if self._schemas and (refusal := self._refused(handler, context)) is not None:
            return refusal
        if not incoming.scope.states and (decision := constant_answer(handler, context)) is not None:
            return decision
        return self._first(
            applicable(chain((first,), matching), incoming.scope.states), partial(self._elsewhere, incoming)
        )

    def _refused(self, handler: CompiledHandler, context: MatchContext) -> Decision | None:
        """The refusal of a GraphQL operation that the provider's schema does not allow."""
        schema = self._schemas.get(context.metadata.provider or "")
        if schema is None or handler.loaded.model.request_part.graphql is None:
            return None
        return refused(schema, handler, context)

    def _first(self, choices: Iterator[Applicable], otherwise: Callable[[], Decision]) -> Decision:
        """The decision of the first handler that does not decline."""
        for handler, context, selection in choices:
            if isinstance(selection, RenderFault):
                return failed(handler, context, str(selection))
            offer = respond(handler, context, selection)
            if not isinstance(offer, Unresolved):
                return offer
            return Resolving(offer.call, partial(self._resolved, offer, choices, otherwise), offer.fail, offer.left)
        return otherwise()

    def _resolved(
        self, offer: Unresolved, further: Iterator[Applicable], otherwise: Callable[[], Decision], result: Any
    ) -> Decision:
        return offer.finish(result) or self._first(further, otherwise)

    def _matching(self, incoming: _Incoming) -> Iterator[Match]:
        request = incoming.request
        preflight = is_preflight(request)  # it asks about another method; only a handler that names OPTIONS means it
        for handlers in self._reachable(incoming.scope):
            for route, params in handlers.router.candidates(request, incoming.located):
                if route.matches(request) and not (preflight and route.method == ANY_METHOD):
                    if opens_websocket(request) and not handlers[route.rank].answers_websocket:
                        continue
                    yield (
                        handlers[route.rank],
                        MatchContext(request, params, incoming.metadata, incoming.scope.memory, self._settings.seed),
                    )

    def _batch(self, incoming: _Incoming, operations: list[Request]) -> Decision:
        """Answer a GraphQL batch operation by operation; one that no handler answers makes the request unhandled."""
        before = incoming.scope.memory.copy()
        answers: list[Mocked] = []
        for operation in operations:
            decision = self._decide(replace(incoming, request=operation))
            if not isinstance(decision, Mocked):
                incoming.scope.memory = before
                if isinstance(decision, Resolving) or (isinstance(decision, Passthrough) and decision.why == "handler"):
                    return batch_refused(incoming.request, incoming.metadata)
                return decision
            answers.append(decision)
        return combined(incoming.request, answers)

    # Misses ----------------------------------------------------------------------------------------------------

    def _elsewhere(self, incoming: _Incoming) -> Decision:
        otherwise = partial(self._not_answered, incoming)
        owned = incoming.located.owned
        if self.foreign is None or owned is None or is_preflight(incoming.request):
            return otherwise()
        base_url = self._project.providers[owned.provider].url[0]
        return asking(self.foreign, incoming.request, base_url, incoming.metadata, otherwise)

    def _not_answered(self, incoming: _Incoming) -> Decision:
        request, located, metadata = incoming.request, incoming.located, incoming.metadata
        reachable = list(self._reachable(incoming.scope))
        owned = self._owns(incoming)
        policy = self._policy_of(incoming)
        if is_preflight(request):
            wanted = replace(request, method=request.header("access-control-request-method") or "GET")
            if policy == "error" or any(handlers.router.candidates(wanted, located) for handlers in reachable):
                return Mocked(preflight_response(request), replace(metadata, record=False))
        if policy is None:
            return Passthrough("loopback", metadata)
        if policy == "error" and is_favicon(request):
            return Mocked(Response(404), replace(metadata, record=False))
        if policy != "error":
            return Passthrough("unhandled" if owned else "others", metadata, reported=policy == "warn")
        masked = Masked(request, self._mask(request), metadata.path)
        aside = {
            handler.route.rank: why_aside(
                handler,
                context,
                incoming.scope.states,
                replace(context, request=masked.shown),
            )
            for handler, context in self._matching(incoming)
        }
        near = [
            NearMiss(
                loaded.place,
                loaded.model.name,
                masked.mismatches(each.mismatches, each.route.mismatches) or aside.get(each.route.rank, masked.unlike),
            )
            for handlers in reachable
            for each in handlers.router.nearest(request, located)
            for loaded in (handlers[each.route.rank].loaded,)
        ]
        paste = handler_to_paste(masked)
        hint = elsewhere(self._handlers.router.owners, located)
        text = explain(masked.shown, near, paste, hint)
        return Unhandled(unhandled_response(masked.shown, near, paste, text), metadata, text)

    def _owns(self, incoming: _Incoming) -> bool:
        if incoming.located.owned or incoming.listener:
            return True
        return any(handlers.router.owns_origin(incoming.located.origin) for handlers in self._reachable(incoming.scope))

    def _policy_of(self, incoming: _Incoming) -> Policy | None:
        """The project's policy for a request that no handler answers; None for foreign loopback."""
        if self._owns(incoming):
            return self._settings.unhandled
        return None if is_loopback(incoming.located.origin.host) else self._settings.others

    def _reachable(self, scope: Scope) -> Iterator[HandlerSet]:
        """The handlers that a scope sees, the latest first."""
        yield from scope.overrides
        yield self._handlers

    def _all_handlers(self) -> Iterator[HandlerSet]:
        yield self._handlers
        for scope in self._scopes.values():
            yield from scope.overrides

    @property
    def _depends_on_time(self) -> bool:
        return any(handlers.depends_on_time for handlers in self._all_handlers())

    @property
    def _speaks_graphql(self) -> bool:
        return any(handlers.speaks_graphql for handlers in self._all_handlers())

    def _scope(self, name: str) -> Scope:
        return self._scopes.get(name) or self._renew(name, Scope(HandlerState(dict(self._data))))

    def _renew(self, name: str, scope: Scope) -> Scope:
        """Replace the scope of a name; cached decisions of the old one become void."""
        self._scopes.pop(name, None)
        self._scopes[name] = scope
        if len(self._scopes) > _MOST_SCOPES:
            del self._scopes[next(iter(self._scopes))]
        return scope


def load_engine(project: Project, mask: Mask = lambda request: request) -> Engine:
    """Load and compile all handlers of a project; resolvers are imported again.

    Args:
        project: the project.
        mask: takes the secrets out of a request, so that a miss can show it.

    Raises:
        ConfigurationError: with every problem of every handler file.
    """
    forget_resolvers()
    with nothing_is_garbage():
        handlers, data, warnings = load_project_handlers(project)
        schemas = load_schemas(project)
    engine = Engine(project, handlers, data, mask, schemas)
    engine.warnings = warnings
    return engine
