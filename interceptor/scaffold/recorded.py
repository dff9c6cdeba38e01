"""Turns recorded traffic into handlers: one per distinct exchange, ids as path parameters, secrets masked.

Handlers contain only what distinguishes requests: a query or a body is written only if the same path was requested
with different ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from interceptor.contract.pinning.detect import detect, epoch_form
from interceptor.matching.graphql_requests import NotGraphQLError, graphql_operations
from interceptor.matching.values import spelt_key
from interceptor.redaction.redactor import Redactor
from interceptor.scaffold.addresses import base_path, literal, template
from interceptor.scaffold.answers import Fixtures, answer
from interceptor.scaffold.project import NewProvider
from interceptor.values.browsers import is_preflight
from interceptor.values.exchange import Exchange, ImportedExchange, Metadata, Outcome
from interceptor.values.json_text import Json, NotJsonError
from interceptor.values.mask import MASK
from interceptor.values.media_types import media_type
from interceptor.values.messages import Request
from interceptor.values.place import ROOT, below
from interceptor.values.urls import Pairs

_PARTS_OF_PAGES = re.compile(
    r"(text/(html|css|javascript)|application/(x-)?javascript|application/(wasm|manifest\+json)|font/.*|image/.*|audio/.*|video/.*)"
)
_NOT_MODIFIED = 304
_OBSERVERS = re.compile(
    r"""(.*\.)?(
        google-analytics\.com | googletagmanager\.com | analytics\.google\.com | doubleclick\.net
      | googleadservices\.com | googlesyndication\.com | clarity\.ms | bat\.bing\.com | hotjar\.(com|io)
      | segment\.(io|com) | mixpanel\.com | amplitude\.com | heap(analytics)?\.(com|io) | fullstory\.com
      | posthog\.com | plausible\.io | sentry\.io | bugsnag\.com | rollbar\.com | datadoghq-browser-agent\.com
      | browser-intake-[\w-]+\.com | nr-data\.net | newrelic\.com | logrocket\.(com|io) | lr-ingest\.(com|io)
      | connect\.facebook\.net | cloudflareinsights\.com | optimizely\.com | matomo\.cloud | mc\.yandex\.ru
      | quantserve\.com | scorecardresearch\.com
    )(:\d+)?""",
    re.VERBOSE,
)
"""Hosts that watch an application; it works without their answers."""
_IS_ID = re.compile(r"(.*_)?(id|uuid|key|code|number|slug)|.*Id")


@dataclass(frozen=True, slots=True)
class RecordedHandlers:
    """The providers in a recording, and what of it is not among their handlers."""

    providers: list[NewProvider]
    left_out: int
    """Exchanges that are no calls of an API."""
    observers: tuple[str, ...] = ()
    """Hosts of analytics and the like."""
    without_body: tuple[str, ...] = ()
    """Requests whose response has a body that the recording does not hold."""

    def notes(self) -> list[str]:
        """What is to be said about the rest."""
        notes = [f"left out, as the recording lacks the body of the response: {each}" for each in self.without_body]
        if self.observers:
            notes.append(f"left out (hosts of analytics and error reports): {', '.join(self.observers)}")
        if self.left_out:
            notes.append(f"left out (pages and their parts, preflights, answers from a cache): {self.left_out}")
        return notes


@dataclass(frozen=True, slots=True)
class _AskedRequest:
    """A request as a handler would describe it."""

    path: str
    params: Mapping[str, str]
    query: dict[str, Json]
    body: dict[str, Json]
    """`{"json": ...}`, `{"form": ...}`, `{"text": ...}`, or the variables of a GraphQL operation."""
    answers: list[dict[str, Json]]
    sent: set[bytes]
    """The bodies as they were sent."""

    @property
    def succeeded(self) -> bool:
        return bool(self.answers[0].get("status", 200) < 300)

    def echoed(self) -> list[dict[str, Json]]:
        """The responses with the ids of the path as templates."""
        return [_echoed(each, self.params) for each in self.answers]


def import_recording(captured: Iterable[ImportedExchange]) -> RecordedHandlers:
    """The providers of a recording, by name or host, and their handlers."""
    redact = Redactor()
    exchanges: list[Exchange] = []
    observers: dict[str, None] = {}
    without_body: dict[str, None] = {}
    by_provider: dict[str, list[Exchange]] = {}
    left_out = 0
    for each in captured:
        host = each.request.origin.partition("://")[2]
        if _OBSERVERS.fullmatch(host):
            observers[host] = None
            continue
        found = redact(Exchange(each.request, each.response, Outcome.PASSED, each.at, metadata=each.metadata))
        exchange = replace(found, masked=(*found.masked, *each.masked))
        if not _is_call(exchange):
            left_out += 1
        elif each.lacks_body:
            without_body[f"{exchange.request.method} {exchange.request.url}"] = None
        else:
            by_provider.setdefault(each.metadata.provider or host, []).append(exchange)
            exchanges.append(exchange)
    answered = {f"{each.request.method} {each.request.url}" for each in exchanges}
    providers = [_provider(name, each) for name, each in sorted(by_provider.items())]
    return RecordedHandlers(
        providers, left_out, tuple(observers), tuple(each for each in without_body if each not in answered)
    )


def _is_call(exchange: Exchange) -> bool:
    """False for preflights, pages and their parts, and responses from a cache."""
    assert exchange.response is not None
    if is_preflight(exchange.request) or exchange.response.status == _NOT_MODIFIED:
        return False
    return _PARTS_OF_PAGES.fullmatch(media_type(exchange.response.header("content-type")).essence) is None


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """The requests of one endpoint."""

    method: str
    pattern: str
    operation: tuple[str, str] | None
    """Kind and name of a GraphQL operation."""


def _provider(name: str, exchanges: list[Exchange]) -> NewProvider:
    if any(each.metadata.path is None for each in exchanges):
        base = base_path(exchange.request.path for exchange in exchanges)
        exchanges = [replace(each, metadata=Metadata(path=each.request.path[len(base) :] or "/")) for each in exchanges]
    groups: dict[_Endpoint, list[Exchange]] = {}
    for each in exchanges:
        endpoint = _Endpoint(each.request.method, template(each.metadata.path or "/")[0], _operation(each.request))
        groups.setdefault(endpoint, []).append(each)
    fixtures = Fixtures()
    handlers = [handler for endpoint, each in groups.items() for handler in _handlers(endpoint, each, fixtures)]
    urls = sorted({_base_url(exchange) for exchange in exchanges}, reverse=True)
    return NewProvider(name, urls, handlers, fixtures.files)


def _base_url(exchange: Exchange) -> str:
    base = exchange.request.path.removesuffix(exchange.metadata.path or "")
    return f"{exchange.request.origin}{base}"


def _operation(request: Request) -> tuple[str, str] | None:
    """Kind and name of a GraphQL operation."""
    if b"query" not in request.body:
        return None
    try:
        operations = graphql_operations(request)
    except NotGraphQLError:
        return None
    if operations.batch or operations.each[0].kind is None:
        return None
    return operations.each[0].kind, operations.each[0].name


def _handlers(endpoint: _Endpoint, exchanges: list[Exchange], fixtures: Fixtures) -> Iterator[dict[str, Json]]:
    """The handlers of an endpoint, the most specific ones first.

    Of requests that differ only in their ids, the first that succeeded answers for every id; the others keep theirs,
    unless the response is the same except for the id.
    """
    asked = _merged([_asked(each, endpoint, fixtures) for each in exchanges])
    by_query = len({_key(each.query) for each in asked}) > 1
    # Where only values differ that do so in every run, the handler says that there is one.
    by_body = len({_key(each.body) for each in asked}) > 1 or any(
        "$any" in _key(each.body) and len(each.sent) > 1 for each in asked
    )
    alike: dict[str, list[_AskedRequest]] = {}
    for each in asked:
        told_apart = replace(each, query=each.query if by_query else {}, body=each.body if by_body else {})
        alike.setdefault(_key([told_apart.query, told_apart.body]), []).append(told_apart)
    particular: list[tuple[_AskedRequest, dict[str, Json]]] = []
    general: list[tuple[_AskedRequest, dict[str, Json]]] = []
    for group in alike.values():
        chosen = next((each for each in group if each.succeeded), group[0])
        answers = chosen.echoed()
        general.append((chosen, _handler(endpoint, endpoint.pattern, chosen, answers)))
        others = [each for each in group if each.echoed() != answers]
        particular += [(each, _handler(endpoint, literal(each.path), each, each.answers)) for each in others]
    for _, handler in (*sorted(particular, key=_rank), *sorted(general, key=_rank)):
        yield handler


def _rank(written: tuple[_AskedRequest, Json]) -> tuple[int, bool]:
    asked, _ = written
    return -len(asked.query), not asked.body


def _handler(endpoint: _Endpoint, path: str, asked: _AskedRequest, answers: list[dict[str, Json]]) -> dict[str, Json]:
    more: dict[str, Json] = {"query": asked.query} if asked.query else {}
    if endpoint.operation is None:
        more |= asked.body
    else:
        kind, name = endpoint.operation
        more["graphql"] = {kind: name, **asked.body}
    shapes = [each["status"] if set(each) == {"status"} else each for each in answers]
    return {
        "request": {"method": endpoint.method, "path": path, **more} if more else f"{endpoint.method} {path}",
        "response": shapes[0] if len(shapes) == 1 else shapes,
    }


def _asked(exchange: Exchange, endpoint: _Endpoint, fixtures: Fixtures) -> _AskedRequest:
    assert exchange.response is not None
    path = exchange.metadata.path or "/"
    query = _fields(exchange.request.query, "request.query", _Unsteady.of(exchange))
    body = _body(exchange) if endpoint.operation is None else _variables(exchange)
    answers = [answer(exchange.request.method, path, exchange.response, fixtures)]
    return _AskedRequest(path, template(path)[1], query, body, answers, {exchange.request.body})


def _merged(asked: list[_AskedRequest]) -> list[_AskedRequest]:
    """One per request, with all its responses; the same response twice in a row counts once."""
    merged: dict[str, _AskedRequest] = {}
    for each in asked:
        known = merged.setdefault(_key([each.path, each.query, each.body]), each)
        known.sent.update(each.sent)
        if known is not each and known.answers[-1] != each.answers[0]:
            known.answers.append(each.answers[0])
    return list(merged.values())


def _key(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


# Requests ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unsteady:
    """Knows which values of a request differ in every run: what the exporter replaces, and what is masked."""

    at: str
    places: frozenset[str]

    @classmethod
    def of(cls, exchange: Exchange) -> _Unsteady:
        return cls(exchange.at, frozenset((*exchange.masked, *exchange.metadata.generated)))

    def is_at(self, place: str, value: Json) -> bool:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return place in self.places or epoch_form(str(value), self.at) is not None
        return place in self.places or (isinstance(value, str) and self.is_in(value))

    def is_in(self, text: str) -> bool:
        return MASK in text or bool(detect(text, self.at or None))


def _fields(pairs: Pairs, place: str, unsteady: _Unsteady) -> dict[str, Json]:
    """Query parameters or form fields as a handler matches them; masked and volatile values match anything."""
    fields: dict[str, Json] = {}
    for name in dict.fromkeys(name for name, _ in pairs):
        values = [value for key, value in pairs if key == name]
        if any(unsteady.is_at(below(place, name), value) for value in values):
            fields[spelt_key(name)] = {"$any": True}
        else:
            fields[spelt_key(name)] = values[0] if len(values) == 1 else values
    return fields


def _body(exchange: Exchange) -> dict[str, Json]:
    request, unsteady = exchange.request, _Unsteady.of(exchange)
    if not request.body:
        return {}
    if request.form is not None:
        return {"form": _fields(request.form, "request.form", unsteady)}
    try:
        return {"json": _matcher(request.json, f"request.{ROOT}", unsteady)}
    except NotJsonError:
        pass
    is_text = media_type(request.header("content-type")).type == "text" and not unsteady.is_at(
        "request.body", request.text
    )
    return {"text": request.text} if is_text else {}


def _variables(exchange: Exchange) -> dict[str, Json]:
    variables = dict(graphql_operations(exchange.request).each[0].variables)
    matcher = _matcher(variables, f"request.{ROOT}.variables", _Unsteady.of(exchange))
    return {"variables": matcher} if variables else {}


def _matcher(value: Json, place: str, unsteady: _Unsteady) -> Json:
    if unsteady.is_at(place, value):
        return {"$any": True}
    if isinstance(value, dict):
        return {spelt_key(key): _matcher(member, below(place, key), unsteady) for key, member in value.items()}
    if isinstance(value, list):
        return [_matcher(element, below(place, index), unsteady) for index, element in enumerate(value)]
    return value


# Answers -------------------------------------------------------------------------------------------------------


def _echoed(answer: dict[str, Json], params: Mapping[str, str]) -> dict[str, Json]:
    """A response with the ids of the path as templates, where the requested thing has them."""
    if not isinstance(answer.get("json"), dict):
        return answer
    return {**answer, "json": _with_ids(answer["json"], params)}


def _with_ids(value: dict[str, Json], params: Mapping[str, str]) -> dict[str, Json]:
    found = {unquote(text): name for name, text in params.items()}
    return {
        key: _with_ids(member, params)
        if key == "data" and isinstance(member, dict)
        else _id(member, found)
        if _IS_ID.fullmatch(key)
        else member
        for key, member in value.items()
    }


def _id(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, str) and value in names:
        return f"{{{{ params.{names[value]} }}}}"
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in names:
        return f"{{{{ params.{names[str(value)]} | int }}}}"
    return value
