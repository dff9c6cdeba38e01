"""What a handler says on one WebSocket.

The first of its messages that matches answers; a message that none of them matches is a miss, as a request is.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from interceptor.answering.rendering import Compiler, Render, RenderFault, TemplateValues
from interceptor.answering.resolvers import Resolver, ResolverFault, explain, load_resolver
from interceptor.answering.socket_acts import CompiledAct, acts_of, compile_acts, compile_close
from interceptor.answering.views import RequestView
from interceptor.handlers.loading import LoadedHandler
from interceptor.handlers.request_part import RequestPart
from interceptor.handlers.websocket_part import MATCHED, MessageRule
from interceptor.matching.mismatches import MatcherError, Mismatch, display
from interceptor.matching.requests import RequestCheck, compile_request, offered_protocols
from interceptor.project.folder import Folder
from interceptor.project.yaml_nodes import Node
from interceptor.project.yaml_text import as_yaml
from interceptor.values.decisions import Failed, Mocked, PendingReaction, Reaction, ServerAct, Unhandled
from interceptor.values.exchange import Metadata
from interceptor.values.generated import EVERYTHING, GeneratedMarks
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Request, Response
from interceptor.values.patterns import Pattern, SlowPatternError

GRAPHQL_PROTOCOL = "graphql-transport-ws"
"""https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md"""
_NEAREST = 3
_CLOSED_BY_MISS = (1011, "interceptor: no handler answers this message")
_CLOSED_BY_FAULT = (1011, "interceptor: the handler of this message failed")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A message to match, and what is done then."""

    model: MessageRule
    node: Node
    checks: Sequence[RequestCheck]
    name: str | Render | None
    acts: Sequence[CompiledAct]
    pattern: Pattern | None
    """Whose groups templates know as `match`."""
    folder: Folder
    resolver: Resolver | None

    def mismatches(self, message: str | bytes, request: Request) -> list[Mismatch]:
        """What differs; nothing means that the message matches."""
        wanted = "binary" if self.model.binary is not None else "text"
        if self.model.model_fields_set.isdisjoint({"json_", "text", "binary", "graphql"}):
            return []
        if (got := "binary" if isinstance(message, bytes) else "text") != wanted:
            return [Mismatch("message", wanted, got)]
        if self.model.graphql is not None and (subscribed := _subscribed(request)) is None:
            return [Mismatch("message", "a subscribe of GraphQL", display(request.text))]
        asked = (
            request if self.model.graphql is None else replace(request, method="POST", body=_dumps(subscribed).encode())
        )
        try:
            return [mismatch for check in self.checks for mismatch in check(asked)]
        except SlowPatternError as error:
            return [Mismatch(f'pattern "{error.pattern}"', "an end in time", "none: it is too slow for this")]


Misses: TypeAlias = list[tuple[CompiledRule, list[Mismatch]]]


@dataclass(frozen=True, slots=True)
class CompiledDialogue:
    """What one entry of a handler says."""

    opening: Sequence[CompiledAct]
    rules: Sequence[CompiledRule]


def compile_dialogue(loaded: LoadedHandler, index: int, compiler: Compiler) -> CompiledDialogue | None:
    """The dialogue of an entry, None where it opens none; what is wrong is added to the compiler's problems."""
    entry, node = loaded.model.entries[index], loaded.node.at("response").at(index)
    if loaded.model.request_part.websocket is None:
        for key in ("open", "messages"):
            if getattr(entry, key):
                message = f"{key} is for a WebSocket, which a handler opens with request: {{websocket: /path}}"
                compiler.problems.append(node.at(key).problem(message))
        return None
    refused = entry.status not in {None, 200} or entry.body_kind is not None or entry.error is not None
    if refused or entry.passthrough is not None or entry.python is not None:
        return None
    opening = compile_acts(entry.open, node.at("open"), loaded.folder, compiler)
    compiler = replace(compiler, known=(*compiler.known, "message", "match"))
    rules = [
        _compile_rule(rule, node.at("messages").at(at), loaded, compiler) for at, rule in enumerate(entry.messages)
    ]
    return CompiledDialogue(opening, rules)


def _compile_rule(rule: MessageRule, node: Node, loaded: LoadedHandler, compiler: Compiler) -> CompiledRule:
    given = {key: getattr(rule, "json_" if key == "json" else key) for key in MATCHED}
    said = {key: given[key] for key in MATCHED if ("json_" if key == "json" else key) in rule.model_fields_set}
    part = RequestPart.model_construct({"json_" if key == "json" else key for key in said}, **_fields(said))
    checks: Sequence[RequestCheck] = []
    try:
        checks = compile_request(part)
    except MatcherError as error:
        compiler.problems.append(node.at(*error.path).problem(str(error)))
    acts = compile_acts(rule.send, node.at("send"), loaded.folder, compiler)
    if rule.close is not None:
        acts = [*acts, compile_close(rule.close, node.at("close"), loaded.folder, compiler)]
    name = compiler.text(rule.name, node.at("name"), "name") if rule.name else None
    regex = rule.text.get("$regex") if isinstance(rule.text, dict) else None
    pattern = Pattern(regex) if isinstance(regex, str) and checks else None
    resolver = None
    if rule.python is not None:
        try:
            resolver = load_resolver(rule.python, loaded.folder)
        except ResolverFault as fault:
            compiler.problems.append(node.at("python").problem(str(fault)))
    return CompiledRule(rule, node, checks, name, acts, pattern, loaded.folder, resolver)


def _fields(said: Mapping[str, Any]) -> dict[str, Any]:
    return {"json_" if key == "json" else key: value for key, value in said.items()}


@dataclass(slots=True)
class HandlerDialogue:
    """What is said on one connection.

    Args:
        compiled: of the entry whose turn it is.
        protocol: the subprotocol that the handler chooses.
        request: the one that opened it.
        metadata: what is known of the exchange.
        values: for templates.
    """

    compiled: CompiledDialogue
    protocol: str | None
    request: Request
    metadata: Metadata
    values: TemplateValues
    _used: set[int] = field(default_factory=set)

    def opened(self) -> Reaction:
        """What the server sends at once."""
        metadata = replace(self.metadata, websocket="sent")
        try:
            acts = [act for each in self.compiled.opening for act in each.acts(self.values)]
        except RenderFault as fault:
            return self._failed(metadata, fault)
        return Reaction(tuple(acts), Mocked(Response(101), metadata))

    def received(self, message: str | bytes) -> Reaction | PendingReaction:
        """What follows from a message."""
        return self._following(0, message, as_request(self.request, message), [])

    def _following(
        self, start: int, message: str | bytes, request: Request, misses: Misses
    ) -> Reaction | PendingReaction:
        for index, rule in enumerate(self.compiled.rules[start:], start):
            found = rule.mismatches(message, request)
            if found or (rule.model.once and index in self._used):
                misses.append((rule, found or [Mismatch("once", "at most 1 call", "call 2")]))
                continue
            if rule.resolver is not None:
                return self._ask(index, message, request, misses)
            self._used.add(index)
            return self._answer(rule, request)
        if self.protocol == GRAPHQL_PROTOCOL and (acts := _protocol_acts(request)) is not None:
            return Reaction(acts)
        return self._missed(request, message, misses)

    def _ask(self, index: int, message: str | bytes, request: Request, misses: Misses) -> PendingReaction:
        rule = self.compiled.rules[index]
        resolver, reference = rule.resolver, str(rule.model.python)
        metadata = replace(self.metadata, websocket="message", name=None, generated=EVERYTHING)
        assert resolver is not None
        view = RequestView(replace(request), self.metadata.path or request.path)
        arguments = (view, dict(self.values["params"]), copy.deepcopy(self.values["data"]))

        def finish(result: Any) -> Reaction | PendingReaction:
            if result is None:
                aside = (rule, [Mismatch("python", "what is sent", "None")])
                return self._following(index + 1, message, request, [*misses, aside])
            self._used.add(index)
            try:
                acts = tuple(acts_of(result, reference, rule.node, rule.folder))
            except (ResolverFault, RenderFault) as fault:
                return self._failed(metadata, fault)
            return Reaction(acts, Mocked(Response(101), metadata))

        def fail(error: BaseException) -> Reaction:
            file = reference.rpartition(":")[0]
            return self._failed(metadata, ResolverFault(explain(error, rule.folder.resolve(file), file)))

        return PendingReaction(lambda: resolver(*arguments), finish, fail)

    def _answer(self, rule: CompiledRule, request: Request) -> Reaction:
        values = {**self.values, "message": RequestView(request, self.metadata.path or request.path)}
        values["match"] = _groups(rule, request)
        metadata = replace(self.metadata, websocket="message", name=None)
        try:
            if rule.model.graphql is not None:
                values["variables"] = _variables(request)
            name = rule.name(values, GeneratedMarks()) if callable(rule.name) else rule.name
            acts = [act for each in rule.acts for act in each.acts(values)]
            if rule.model.graphql is not None:
                acts = list(_results(request, acts))
        except RenderFault as fault:
            return self._failed(metadata, fault)
        return Reaction(tuple(acts), Mocked(Response(101), replace(metadata, name=None if name is None else str(name))))

    def _failed(self, metadata: Metadata, fault: RenderFault | ResolverFault) -> Reaction:
        failed = Failed(Response(500), metadata, str(fault))
        return Reaction((ServerAct(close=_CLOSED_BY_FAULT),), failed)

    def _missed(self, request: Request, message: str | bytes, misses: Misses) -> Reaction:
        shown = f"{len(message)} bytes" if isinstance(message, bytes) else display(_json_or_text(request))
        lines = [f"{_socket_url(self.request)} got a message that no handler answers: {shown}"]
        for rule, found in sorted(misses, key=lambda each: len(each[1]))[:_NEAREST]:
            lines.append(f"  near {rule.node.place}")
            lines += [f"    {mismatch}" for mismatch in found]
        lines.append(f"  a message to paste, at {self.metadata.handler}:")
        lines += [f"    {line}" for line in as_yaml([_to_paste(request, message)]).splitlines()]
        known = self.metadata
        metadata = Metadata(
            provider=known.provider, path=known.path, test=known.test, scope=known.scope, websocket="message"
        )
        return Reaction((ServerAct(close=_CLOSED_BY_MISS),), Unhandled(Response(501), metadata, "\n".join(lines)))


def chosen_protocol(part: RequestPart, request: Request) -> str | None:
    """The subprotocol that the handler names, else the first one that the client offers: browsers insist on one."""
    offered = offered_protocols(request)
    return part.protocol or (offered[0] if offered else None)


def as_request(opening: Request, message: str | bytes) -> Request:
    """A message as matchers, redaction and the journal see it: a request with that body."""
    body = message if isinstance(message, bytes) else message.encode("utf-8", "surrogatepass")
    kind = "application/octet-stream"
    if isinstance(message, str):
        kind = JSON_MEDIA_TYPE if message.lstrip()[:1] in {"{", "["} else "text/plain"
    return Request(opening.method, opening.url, (("content-type", kind),), body)


def _socket_url(request: Request) -> str:
    return "ws" + request.url.removeprefix("http").partition("?")[0]


def _json_or_text(request: Request) -> Json:
    try:
        return request.json
    except NotJsonError:
        return request.text


def _to_paste(request: Request, message: str | bytes) -> Json:
    if isinstance(message, bytes):
        return {"binary": {"size": len(message)}, "send": {"text": ""}}
    try:
        return {"json": request.json, "send": {"json": {}}}
    except NotJsonError:
        return {"text": message, "send": {"text": ""}}


def _groups(rule: CompiledRule, request: Request) -> dict[str, Json]:
    found = rule.pattern.search(request.text) if rule.pattern is not None else None
    return {} if found is None else dict(found.groupdict())


def _dumps(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# graphql-transport-ws -------------------------------------------------------------------------------------------


def _read(request: Request) -> dict[str, Json]:
    try:
        value = parse_json(request.body)
    except NotJsonError:
        return {}
    return value if isinstance(value, dict) else {}


def _subscribed(request: Request) -> dict[str, Json] | None:
    """The operation that a message subscribes to."""
    message = _read(request)
    payload = message.get("payload")
    return payload if message.get("type") == "subscribe" and isinstance(payload, dict) else None


def _variables(request: Request) -> Json:
    return (_subscribed(request) or {}).get("variables") or {}


def _results(request: Request, acts: Sequence[ServerAct]) -> Iterator[ServerAct]:
    """Each message as a result of the operation, and the end of these."""
    identity = _read(request).get("id")
    for act in acts:
        if isinstance(act.message, str):
            result = {"id": identity, "type": "next", "payload": parse_json(act.message.encode())}
            yield replace(act, message=_dumps(result))
        else:
            yield act
    if not acts or acts[-1].close is None:
        yield ServerAct(_dumps({"id": identity, "type": "complete"}))


def _protocol_acts(request: Request) -> tuple[ServerAct, ...] | None:
    """What a server of graphql-transport-ws does by itself; None for a message that is none of the protocol's."""
    match _read(request).get("type"):
        case "connection_init":
            return (ServerAct('{"type":"connection_ack"}'),)
        case "ping":
            return (ServerAct('{"type":"pong"}'),)
        case "pong" | "complete":
            return ()
    return None
