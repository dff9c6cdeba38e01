"""Router, responses and scopes: what is to be done with a request.

Synchronous and free of input and output; delays are data for the caller. The mitmproxy addon is one door to it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import replace

from interceptor.bound import BoundHandler, Scope, bind
from interceptor.config import Policy, Project
from interceptor.cors import is_preflight, preflight_response
from interceptor.decisions import Decision, Failed, Mocked, Note, Passthrough, Unhandled
from interceptor.errors import ConfigurationError, Problem
from interceptor.handler_files import Loaded, LoadedHandler, load_handlers
from interceptor.matching import MatcherError
from interceptor.messages import Json, Request
from interceptor.misses import NearMiss, explain, failed_response, handler_to_paste, unhandled_response
from interceptor.owners import Origin, Owners, is_loopback
from interceptor.places import leaves
from interceptor.rendering import Compiler, RenderFault
from interceptor.request_matcher import compile_request
from interceptor.router import Located, Route, Router, compile_address
from interceptor.shadows import shadowed


class Engine:
    """Decides about requests; one per project, for one door at a time."""

    def __init__(
        self, project: Project, router: Router, handlers: Sequence[BoundHandler], data: dict[str, Json]
    ) -> None:
        self._settings = project.settings
        self._router = router
        self._handlers = handlers
        self._data = data
        self._scopes: dict[str, Scope] = {}
        self._excluded = re.compile("|".join(map(fnmatch.translate, project.settings.exclude)) or r"(?!)")
        self.warnings: list[Problem] = []

    @property
    def handler_places(self) -> list[str]:
        """`file:line` of every handler, in order."""
        return [handler.loaded.place for handler in self._handlers]

    @property
    def hosts(self) -> set[str]:
        """The hosts, or patterns of hosts (`*.example.com`), that providers and handlers are at."""
        return {"*"} if self._router.anywhere else self._router.hosts

    def opens(self, scheme: str, host: str, port: int) -> bool:
        """True where the TLS of an address may be opened: a provider or a handler is there."""
        address = Origin(scheme, f"[{host}]" if ":" in host else host.lower(), str(port))
        return self._router.anywhere or self._router.owns_origin(address)

    def reset(self, scope: str = "") -> None:
        """Forget the calls counted and the data changed in a scope."""
        self._scopes.pop(scope, None)

    def decide(self, request: Request, *, listener: str | None = None, scope: str = "") -> Decision:
        """What is to be done with a request.

        Args:
            request: as the client meant it.
            listener: the provider at whose own address it came in.
            scope: keeps parallel workers apart.
        """
        if self._excluded.match(request.url) or self._excluded.match(request.url.partition("?")[0]):
            return Passthrough("excluded", Note())
        located = self._router.locate(request)
        note = Note(
            provider=located.owned.provider if located.owned else None,
            path=located.owned.path if located.owned else None,
            scope=scope or None,
        )
        return self._mocked(request, located, note, scope) or self._not_mocked(request, located, note, listener)

    def _mocked(self, request: Request, located: Located, note: Note, scope: str) -> Mocked | Failed | None:
        for route, params in self._router.candidates(request, located):
            if not route.takes(request):
                continue
            handler = self._handlers[route.rank]
            try:
                offer = handler.offers(request, params, note, self._scope(scope))
            except RenderFault as fault:
                failed = replace(note, handler=handler.loaded.place)
                return Failed(failed_response(request, handler.loaded.place, str(fault)), failed, str(fault))
            if offer is not None:
                return offer
        if is_preflight(request) and self._answers_preflight(request, located):
            return Mocked(preflight_response(request), replace(note, record=False))
        return None

    def _answers_preflight(self, request: Request, located: Located) -> bool:
        """A preflight is answered for what is handled, and for what gets a 501 that a browser should show."""
        wanted = replace(request, method=request.header("access-control-request-method") or "GET")
        return bool(self._router.candidates(wanted, located)) or self._policy(located, None) == "error"

    def _policy(self, located: Located, listener: str | None) -> Policy | None:
        """What the project says about a request that no handler answers; None for foreign loopback."""
        if located.owned or listener or self._router.owns_origin(located.origin):
            return self._settings.unhandled
        return None if is_loopback(located.origin.host) else self._settings.others

    def _not_mocked(self, request: Request, located: Located, note: Note, listener: str | None) -> Decision:
        policy = self._policy(located, listener)
        if policy is None:
            return Passthrough("loopback", note)
        if policy != "error":
            owned = bool(located.owned or listener or self._router.owns_origin(located.origin))
            return Passthrough("unhandled" if owned else "others", note, reported=policy == "warn")
        near = [
            NearMiss(handler.loaded.place, handler.loaded.model.name, each.mismatches or ())
            for each in self._router.nearest(request, located)
            for handler in [self._handlers[each.route.rank]]
        ]
        paste = handler_to_paste(request, note.path or request.url.partition("?")[0])
        return Unhandled(unhandled_response(request, near, paste), note, explain(request, near, paste))

    def _scope(self, name: str) -> Scope:
        scope = self._scopes.get(name)
        if scope is None:
            scope = self._scopes[name] = Scope(dict(self._data))
        return scope


def load_engine(project: Project) -> Engine:
    """Load and compile all handlers of a project.

    Raises:
        ConfigurationError: with every problem of every handler file.
    """
    loaded = load_handlers(project)
    fixtures = frozenset(leaf for _, leaf in leaves(loaded.data))
    compiler = Compiler(fixtures, loaded.problems)
    handlers = [bound for bound in _compile(loaded, compiler) if bound is not None]
    problems = compiler.problems
    if any(problem.severity == "error" for problem in problems):
        raise ConfigurationError(problems)
    engine = Engine(
        project, Router(Owners(project.providers), [each.route for each in handlers]), handlers, loaded.data
    )
    engine.warnings = [*problems, *shadowed([(each.loaded, each.route) for each in handlers])]
    return engine


def _compile(loaded: Loaded, compiler: Compiler) -> list[BoundHandler | None]:
    return [_bind(handler, rank, compiler) for rank, handler in enumerate(loaded.handlers)]


def _bind(loaded: LoadedHandler, rank: int, compiler: Compiler) -> BoundHandler | None:
    part = loaded.model.request_part
    node = loaded.node.at("request")
    try:
        address = compile_address(part, loaded.provider)
    except ValueError as error:
        compiler.problems.append(node.at("url" if part.url else "path").problem(str(error)))
        return None
    try:
        checks = compile_request(part)
    except MatcherError as error:
        where = node.at(*error.path)
        compiler.problems.append(where.problem(str(error)))
        return None
    return bind(loaded, Route(rank, part.method, address, checks), compiler)
