"""Turns an exchange into an interaction: the parts that belong in a contract, in one normal form."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from sys import intern

from interceptor.contract.bodies import UnreadableBodyError, body_of, normal_content_type
from interceptor.contract.xml_rules import xml_rules
from interceptor.pact.declared_rules import parse_rules
from interceptor.pact.document import Interaction, Message, NamedValues, PactBody
from interceptor.pact.rules import Rule, escape, is_addressable
from interceptor.values.exchange import Exchange
from interceptor.values.findings import Finding
from interceptor.values.mask import MASK
from interceptor.values.media_types import media_type
from interceptor.values.messages import BODILESS, CONDITIONS, Headers, Request, Response
from interceptor.values.place import ROOT, Place, Side, Steps, find_place, header_places, spell_path

_BOUNDARY = re.compile(r'(;\s*boundary\s*=\s*"?)([^";]+)', re.IGNORECASE)
_PINNED_BOUNDARY = "boundary"
_OF_NO_REQUEST = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "priority", "proxy-connection", "user-agent"}
)
"""Headers that say who asks and how it is sent, not what is asked."""


@dataclass(frozen=True, slots=True)
class HeaderPolicy:
    """The headers that get into a pact in addition to those a handler names."""

    request: frozenset[str] = frozenset({"accept", "content-type", "authorization"})
    response: frozenset[str] = frozenset({"content-type"})

    def and_also(self, request: Iterable[str] = (), response: Iterable[str] = ()) -> HeaderPolicy:
        return HeaderPolicy(self.request | set(request), self.response | set(response))


@dataclass(slots=True)
class Normalised:
    """An exchange as an interaction, wherever it comes from; without a description if its handler has no name."""

    interaction: Interaction
    findings: list[Finding] = field(default_factory=list)


def normalise(exchange: Exchange, kept: HeaderPolicy) -> Normalised:
    """The interaction of an answered exchange, with the volatile values of this run."""
    assert exchange.response is not None
    findings: list[Finding] = []
    request, response, metadata = exchange.request, exchange.response, exchange.metadata
    interaction = Interaction(
        method=request.method.upper(),
        path=metadata.path if metadata.path is not None else request.path,
        query=_values(request.query),
        request=_message("request", request, exchange, kept.request, findings),
        status=response.status,
        response=_message("response", response, exchange, kept.response, findings),
        description=metadata.name or "",
        left_out=_values((name, value) for name, value in request.headers if name not in _OF_NO_REQUEST),
        states=tuple(sorted(metadata.states, key=lambda state: (state.name, repr(sorted(state.params.items()))))),
        masked=exchange.masked,
    )
    return Normalised(interaction, findings)


def _message(
    side: Side, message: Request | Response, exchange: Exchange, kept: frozenset[str], findings: list[Finding]
) -> Message:
    def report(code: str, text: str, place: str) -> None:
        findings.append(Finding(code, text, place=place, handler=exchange.metadata.handler))

    content, content_type = _content(message, exchange.request.method)
    body = None
    if (large := exchange.large.get(side)) is not None:
        report(
            "body.large", f"the body, of {large.size:,} bytes, is larger than `max_body`; it is left out", f"{side}.$"
        )
    if content:
        try:
            body = body_of(content, content_type)
        except UnreadableBodyError as error:
            report("body.unreadable", f"{error}; the body is left out", f"{side}.$")
    wanted = _wanted(side, exchange, kept)
    headers = _headers(_with_cookies(side, message.headers, exchange, wanted), wanted - {"content-type"})
    if body is not None or content_type:
        written = body.content_type if body is not None else normal_content_type(content_type or "")
        headers = tuple(sorted((*headers, ("content-type", (written,)))))
    if not exchange.metadata.rules and not exchange.masked:
        return Message(headers, body)
    try:
        declared = parse_rules(side, exchange.metadata.rules.get(side, {}))
    except ValueError as error:
        report("rule.unknown", f"{error}; the rules of this {side} are left out", side)
        declared = ()
    exact = exchange.metadata.rules.get(side) == {}
    if exact or (not declared and not exchange.masked):
        return Message(headers, body, exact=exact)
    names = {name for name, _ in headers}
    rules = [rule for rule in declared if _has_place(rule, names, body)]
    rules += _rules_of_masks(side, exchange, headers, body)
    return Message(headers, body, unique(rules))


def _content(message: Request | Response, method: str) -> tuple[bytes, str | None]:
    """The body that the other side sees, and its content type; a response to HEAD has the content type of GET."""
    content, content_type = message.body, message.header("content-type")
    if isinstance(message, Request):
        return _with_pinned_boundary(content, content_type) if content_type else (content, None)
    if message.status in BODILESS:
        return b"", None
    return b"" if method.upper() == "HEAD" else content, content_type


def _has_place(rule: Rule, names: Collection[str], body: PactBody | None) -> bool:
    match rule.part:
        case "header":
            return rule.at in names
        case "body":
            return body is not None
        case _:
            return True


def unique(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """One rule per place, the first one wins; sorted by place."""
    by_place: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        by_place.setdefault((rule.part, rule.at), rule)
    return tuple(by_place[place] for place in sorted(by_place))


def _values(pairs: Iterable[tuple[str, str]]) -> NamedValues:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(intern(name), []).append(intern(value))
    return tuple([(name, tuple(grouped[name])) for name in sorted(grouped)])


def _wanted(side: Side, exchange: Exchange, kept: frozenset[str]) -> frozenset[str]:
    """The policy's headers, those the handler names, reads or has a rule for, and those that the status answers to."""
    metadata = exchange.metadata
    if side == "request":
        kept |= CONDITIONS.get(exchange.response.status, frozenset()) if exchange.response else frozenset()
        kept |= {"cookie"} if metadata.cookies else frozenset()
    if not metadata.named and not metadata.rules:
        return kept
    places = [*_places(metadata.named), *(replace(each, side=side) for each in _places(metadata.rules.get(side, {})))]
    wanted = {each.name.lower() for each in places if each.side == side and each.part == "header" and each.name}
    return kept | wanted


def _with_cookies(side: Side, headers: Headers, exchange: Exchange, wanted: frozenset[str]) -> Headers:
    """The headers with no other cookies than those of the handler, unless the whole header is asked for."""
    known = exchange.metadata
    whole = any(place in known.named for place in header_places("request", ["cookie"])) or "cookie" not in wanted
    if side == "response" or whole or not known.cookies:
        return headers
    pairs = [pair.strip() for name, value in headers if name == "cookie" for pair in value.split(";")]
    asked = sorted(pair for pair in pairs if pair.partition("=")[0] in known.cookies)
    others = tuple((name, value) for name, value in headers if name != "cookie")
    return (*others, ("cookie", "; ".join(asked))) if asked else others


def _headers(headers: Headers, wanted: frozenset[str]) -> NamedValues:
    # `*/*` is what clients send by default.
    return _values(
        [(name, value) for name, value in headers if name in wanted and (name != "accept" or value.strip() != "*/*")]
    )


def _with_pinned_boundary(content: bytes, content_type: str) -> tuple[bytes, str]:
    """A multipart body with a constant boundary in place of the client's random one."""
    match = _BOUNDARY.search(content_type)
    if not media_type(content_type).is_multipart or match is None:
        return content, content_type
    pinned = _BOUNDARY.sub(rf"\g<1>{_PINNED_BOUNDARY}", content_type, count=1)
    return content.replace(b"--" + match[2].encode(), b"--" + _PINNED_BOUNDARY.encode()), pinned


def _places(texts: Iterable[str]) -> Iterator[Place]:
    return (place for place in map(find_place, texts) if place is not None)


def _rules_of_masks(side: Side, exchange: Exchange, headers: NamedValues, body: PactBody | None) -> Iterator[Rule]:
    """A rule for each masked value, so that stubs and verifiers accept the real one."""
    values = dict(headers)
    query = {name for name, _ in exchange.request.query}
    kind = None if body is None else body.kind
    for place in _places(exchange.masked):
        if place.side != side:
            continue
        match place:
            case Place("header", str(name)) if name in values:
                yield Rule("header", name, "regex", _open(values[name][0]))
            case Place("path"):
                yield Rule("path", "", "regex", _open(exchange.metadata.path or "", "[^/]+"))
            case Place("query", str(name)) if name in query:
                yield Rule("query", name, "regex", "^.+$")
            case Place("form", str(name)) if kind == "text":
                # The Pact tools compare forms field by field, under the paths of members.
                yield _rule_of_member((name,))
            case Place("body", steps=None) if body is not None and media_type(body.content_type).is_xml:
                pieces = str(body.value).split(MASK)
                yield from xml_rules(pieces, [r"[\s\S]+"] * (len(pieces) - 1))
            case Place("body", steps=None) if body is not None and kind == "text" and not is_multipart(body):
                yield Rule("body", ROOT, "regex", _open(body.value, r"[\s\S]+"))
            case Place("body", steps=tuple(steps)) if kind == "json":
                yield _rule_of_member(steps)


def _rule_of_member(steps: Steps) -> Rule:
    """`type` at a masked member, or at its nearest ancestor if a pact cannot express its name."""
    unspeakable = next((index for index, step in enumerate(steps) if not is_addressable((step,))), len(steps))
    return Rule("body", spell_path(steps[:unspeakable]), "type")


def _open(masked: str, anything: str = ".+") -> str:
    """The pattern of a masked text: `"Bearer ***"` -> `"^Bearer .+$"`."""
    return f"^{anything.join(map(escape, masked.split(MASK)))}$"


def is_multipart(body: PactBody) -> bool:
    """True for a text that the Pact tools compare part by part, so that no rule can cover the whole."""
    return media_type(body.content_type).is_multipart


def boundary_pattern(content_type: str) -> str:
    """The pattern of a multipart content type with any boundary."""
    # The mock server drops the space after the semicolon before it compares.
    return rf"^{escape(media_type(content_type).essence)};\s*.+$"


def default_description(interaction: Interaction) -> str:
    """`GET /products/10?full=1 returns 200`."""
    query = "&".join(f"{name}={value}" for name, values in interaction.query for value in values)
    path = f"{interaction.path}?{query}" if query else interaction.path
    return f"{interaction.method} {path} returns {interaction.status}"
