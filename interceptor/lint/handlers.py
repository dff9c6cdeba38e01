"""Checks of the handlers themselves, and of the contract file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.descriptions import Descriptions
from interceptor.engine.graphql_schemas import load_schemas
from interceptor.engine.handler_sets import HandlerSet
from interceptor.journal import latest_recording, read_journal
from interceptor.lint.names import StateName, name_faults
from interceptor.lint.rules import misses
from interceptor.lint.unmatchable import unmatchable, unreached
from interceptor.project.config import Project
from interceptor.values.errors import ConfigurationError, RecordingError
from interceptor.values.exchange import Exchange
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json
from interceptor.values.place import find, parse_path


def lint_handlers(
    project: Project, handlers: HandlerSet, states: list[StateName], data: Collection[str] = ()
) -> Iterator[Finding]:
    """Findings about handlers; the states that they name are added to `states`, `data` are the names declared."""
    for handler in handlers:
        for code, message in (*_faults(handler, states), *unmatchable(handler, data)):
            yield Finding(code, message, handler=handler.loaded.place)
    yield from _answers(project, handlers)
    yield from unreached(project, handlers)
    sockets = [each for each in handlers if each.loaded.model.request_part.websocket is not None]
    if sockets:
        message = f"what is said on WebSockets is in no pact; handlers that answer them: {len(sockets)}, this one first"
        yield Finding("handler.websocket.unrecorded", message, handler=sockets[0].loaded.place)
    yield from _undeclared(project, handlers)


def _answers(project: Project, handlers: HandlerSet) -> Iterator[Finding]:
    """Responses that a provider's GraphQL schema does not know."""
    try:
        schemas = load_schemas(project)
    except ConfigurationError as error:
        yield from (Finding("handler.error", problem.message) for problem in error.problems)
        return
    for handler in handlers:
        loaded = handler.loaded
        part, schema = loaded.model.request_part.graphql, schemas.get(handler.route.address.provider or "")
        for entry in loaded.model.entries if part is not None and schema is not None else ():
            if part is not None and schema is not None and entry.json_ is not None:
                for place, message in schema.answer_faults(part.kind, entry.json_):
                    yield Finding("handler.graphql.response", f"response.{place}: {message}", handler=loaded.place)


def lint_descriptions(project: Project, descriptions: Descriptions, states: list[StateName]) -> Iterator[Finding]:
    """Findings about the contract file; the states that it names are added to `states`."""
    if not len(descriptions.handlers):
        return
    for handler in descriptions.handlers:
        for code, message in _faults(handler, states):
            yield Finding(code, message, handler=handler.loaded.place)
    ran = False
    for exchange in _latest(project):
        ran = True
        descriptions.described(exchange)
    for handler in descriptions.handlers if ran else ():
        if handler.loaded.place not in descriptions.used:
            message = "no exchange of the latest run matches this entry; mend its request, or remove it"
            yield Finding("contract.entry.unused", message, handler=handler.loaded.place)


def _faults(handler: CompiledHandler, states: list[StateName]) -> Iterator[tuple[str, str]]:
    loaded = handler.loaded
    names = {name for name in (loaded.model.name, *(entry.name for entry in loaded.model.entries)) if name}
    for name in sorted(names):
        if "{{" not in name:
            yield from name_faults("description", name)
    given = {
        state.name for group in (loaded.model.given, *(e.given or [] for e in loaded.model.entries)) for state in group
    }
    for name in sorted(given):
        if "{{" not in name:
            yield from name_faults("state", name)
            states.append(StateName(loaded.provider or "", name, loaded.place, loaded.place))
    for entry in loaded.model.entries:
        yield from _regexes(entry.matching, entry.json_, entry.headers)


def _regexes(matching: Mapping[str, Json], body: Json, headers: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Regular expressions that do not match the handler's own response."""
    for place, rule in matching.items():
        if isinstance(rule, dict) and isinstance(regex := rule.get("regex"), str):
            for value in _literals(place, body, headers):
                if misses(regex, value):
                    yield (
                        "rule.regex",
                        f'the regex "{regex}" at response.{place} does not match "{value}" from end to end',
                    )
                    break


def _literals(place: str, body: Json, headers: Mapping[str, Json]) -> Iterator[Json]:
    """The literal values at a place; those made by templates are skipped."""
    if place.startswith("$"):
        found = [value for _, value in find(body, parse_path(place))]
    else:
        name = place.partition(".")[2].lower()
        found = [value for key, value in headers.items() if key.lower() == name]
    yield from (value for value in found if isinstance(value, str | int | float) and "{{" not in str(value))


def _undeclared(project: Project, handlers: HandlerSet) -> Iterator[Finding]:
    """Handlers that need a declared state, in a suite that does not seem to declare any.

    Reported once for all of them, and only after a run: without one, nothing is known about the tests.
    """
    alike: dict[object, list[CompiledHandler]] = defaultdict(list)
    for handler in handlers:
        model, route = handler.loaded.model, handler.route
        if model.when is None:
            part = model.request_part.model_dump(exclude={"matching"}, by_alias=True)
            alike[route.method, route.address.provider, route.address.pattern.shape, repr(part)].append(handler)
    hidden: dict[str, CompiledHandler] = {}
    for group in alike.values():
        before = next((handler for handler in group if not handler.loaded.model.once), group[-1])
        after = group[group.index(before) + 1 :]
        given = before.loaded.model.given
        hidden |= {handler.loaded.place: before for handler in after if handler.loaded.model.given != given}
    answered = _answered(project) if hidden else set()
    if answered and not answered & hidden.keys():
        place, before = next(iter(hidden.items()))
        more = "" if len(hidden) == 1 else f" (and so do {len(hidden) - 1} more, each from one before it)"
        message = (
            f"it differs from the handler at {before.loaded.place} only in `given`{more}, and answers only in tests "
            "that declare that state; without one the other is always first"
        )
        yield Finding("handler.given.undeclared", message, handler=place)


def _answered(project: Project) -> set[str]:
    """The handlers that answered in the latest run."""
    return {each.metadata.handler for each in _latest(project) if each.metadata.handler}


def _latest(project: Project) -> Iterator[Exchange]:
    """The exchanges of the latest run; none where there is no journal, or one that cannot be read."""
    path = latest_recording(project.recordings)
    try:
        yield from () if path is None else read_journal(path)
    except RecordingError:
        return
