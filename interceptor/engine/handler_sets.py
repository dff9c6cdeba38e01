"""Handlers with their router: those of the project's files, and those added at run time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from interceptor.answering.rendering import Compiler
from interceptor.engine.compile import compile_handler
from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.unreachable import unreachable
from interceptor.handlers.loading import Loaded, LoadedHandler, load_handlers, load_text
from interceptor.matching.discriminators import demands
from interceptor.matching.mismatches import MatcherError
from interceptor.matching.requests import compile_request, depends_on_time
from interceptor.matching.router import Route, Router, compile_address
from interceptor.project.config import Project
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.json_text import Json
from interceptor.values.place import scalars


class HandlerSet:
    """Compiled handlers by rank, and their router."""

    def __init__(self, project: Project, handlers: list[CompiledHandler], files: frozenset[Path] = frozenset()) -> None:
        self.files = files
        self._by_rank = {handler.route.rank: handler for handler in handlers}
        self.router = Router(project.owners, [handler.route for handler in handlers])
        self.depends_on_time = any(depends_on_time(handler.loaded.model.request_part) for handler in handlers)
        self.speaks_graphql = any(handler.loaded.model.request_part.graphql is not None for handler in handlers)

    def __getitem__(self, rank: int) -> CompiledHandler:
        return self._by_rank[rank]

    def __iter__(self) -> Iterator[CompiledHandler]:
        return iter(self._by_rank.values())

    def __len__(self) -> int:
        return len(self._by_rank)


def load_project_handlers(project: Project) -> tuple[HandlerSet, dict[str, Json], list[Problem]]:
    """The handlers of the project's files, their data, and the warnings about them.

    Raises:
        ConfigurationError: with every problem of every file.
    """
    loaded = load_handlers(project)
    handlers = compile_handlers(loaded, 0, frozenset(loaded.data))
    plain, sockets = list[tuple[LoadedHandler, Route]](), list[tuple[LoadedHandler, Route]]()
    for each in handlers:
        (sockets if each.loaded.model.request_part.websocket else plain).append((each.loaded, each.route))
    warnings = [*loaded.problems, *unreachable(plain), *unreachable(sockets)]
    return HandlerSet(project, handlers, frozenset(loaded.files)), loaded.data, warnings


def load_run_time_handlers(
    text: str, project: Project, ceiling: int, data: Iterable[str], *, test: str | None
) -> tuple[HandlerSet, dict[str, Json]]:
    """Handlers and data from a text, YAML or JSON: a handler file, a list of handlers, or one handler.

    Args:
        text: the text that the test sent.
        project: the project whose providers the handlers name.
        ceiling: their ranks are below it, so that they come before all existing ones.
        data: the names of the data that is known already.
        test: the name of the test, where it has one.

    Raises:
        ConfigurationError: with every problem in the text.
    """
    loaded = load_text(text, project, test)
    names = frozenset((*data, *loaded.data))
    return HandlerSet(project, compile_handlers(loaded, ceiling - len(loaded.handlers), names)), loaded.data


def compile_handlers(loaded: Loaded, first_rank: int, data: frozenset[str]) -> list[CompiledHandler]:
    """Compile what was loaded.

    Args:
        loaded: handlers, and the problems found so far.
        first_rank: ranks are counted from it.
        data: the names that a `then` may change.

    Raises:
        ConfigurationError: with every problem, those of loading included.
    """
    compiler = Compiler(frozenset(scalars(loaded.data)), loaded.problems)
    handlers = [_bind(handler, rank, compiler) for rank, handler in enumerate(loaded.handlers, first_rank)]
    compiler.problems += _unknown_data([each for each in handlers if each is not None], data)
    if any(problem.severity == "error" for problem in compiler.problems):
        raise ConfigurationError(compiler.problems)
    return [handler for handler in handlers if handler is not None]


def _unknown_data(handlers: list[CompiledHandler], data: frozenset[str]) -> Iterator[Problem]:
    """What a `then` changes although it is in no `data` and nobody reads it; a resolver may read anything."""
    if any(entry.resolver is not None for handler in handlers for entry in handler.every_entry):
        return
    known = data.union(*(handler.reads for handler in handlers))
    for handler in handlers:
        for name in handler.then.keys() - known:
            hint = did_you_mean(name, sorted(data)) or "; declare it under `data`"
            yield handler.loaded.node.at("then").at(name).problem(f'there is no data "{name}" for then to change{hint}')


def _bind(loaded: LoadedHandler, rank: int, compiler: Compiler) -> CompiledHandler | None:
    part = loaded.model.request_part
    node = loaded.node.at("request")
    try:
        address = compile_address(part, loaded.provider)
    except ValueError as error:
        key = next((key for key in ("url", "websocket") if getattr(part, key)), "path")
        compiler.problems.append(node.at(key).problem(str(error)))
        return None
    try:
        checks = compile_request(part)
    except MatcherError as error:
        compiler.problems.append(node.at(*error.path).problem(str(error)))
        return None
    return compile_handler(loaded, Route(rank, part.asked_method, address, checks, demands(part)), compiler)
