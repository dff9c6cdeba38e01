"""Exchange -> Exchange without its secrets, before anything is written.

In a request and in a real answer every secret is masked: by its place (authorization, cookies, names like
`api_key`), and by its form (tokens of well-known services, private keys, card numbers). What a handler's answer says
literally is test data and stays; only what was made up while answering is looked at, a request's secret that a
template echoes included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from interceptor.project.config import LARGEST_BODY, Project, Redaction
from interceptor.redaction.forms import (
    MASK,
    NAME_STEMS,
    forms,
    in_urls,
    is_secret_name,
    masked_text,
    may_hold_form,
    shape,
    shape_json,
)
from interceptor.redaction.large_bodies import without_large_bodies
from interceptor.values.exchange import Exchange, ProviderState
from interceptor.values.generated import Generated
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.jsonpath import Steps, Wild, find, parse_path
from interceptor.values.media_types import FORM_MEDIA_TYPE, is_json, media_type
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.places import ROOT, below

_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?= +\S)")
# In a cookie every pair is masked; of a set-cookie only the first, what follows are attributes.
_COOKIE_VALUE = re.compile(r"(?<==)[^;]+")
_HARMLESS = ("sec-", "www-", "access-control-")
"""Headers about security, not secrets."""
_MOST_REMEMBERED = 2000
_SHORTEST_ECHO = 6
"""Characters; a shorter secret is found in places that have nothing to do with it."""
_IN_TEXT = re.compile(
    r"""<(?:[\w.-]+:)?(?P<xml>[\w.-]+)(?:\s[^<>]*)?>(?P<xml_value>[^<]+)</
      | "(?P<json>(?:[^"\\]|\\.)+)"\s*:\s*"(?P<json_value>(?:[^"\\]|\\.)+)"
      | name="(?P<part>[^"]+)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(?P<part_value>[\s\S]+?)(?=\r?\n--)
    """,
    re.VERBOSE,
)


@dataclass(slots=True)
class _Findings:
    """What was masked, and the secrets themselves, to find them again where they are echoed."""

    places: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def note(self, place: str, secret: object) -> None:
        if place not in self.places:
            self.places.append(place)
        if isinstance(secret, str) and len(secret) >= _SHORTEST_ECHO:
            # An answer may say the URL it was asked for.
            self.secrets |= {secret, quote(secret, safe=""), quote_plus(secret)}

    def longest_first(self) -> list[str]:
        """The secrets, so that one within another never spoils it."""
        return sorted(self.secrets, key=lambda secret: (-len(secret), secret))


class Redactor:
    """Masks the secrets of exchanges: the built-in lists and what a project adds to them."""

    def __init__(self, settings: Redaction | None = None, *, largest_body: int = LARGEST_BODY) -> None:
        settings = settings or Redaction()
        self.largest_body = largest_body
        self._headers = frozenset(settings.headers)
        self._query = frozenset(name.lower() for name in settings.query)
        self._paths = [parse_path(path) for path in settings.json_]
        names = [_last_name(path) for path in self._paths]
        self._always_look = None in names
        self._stems = tuple(dict.fromkeys((*NAME_STEMS, *(name.lower() for name in names if name))))
        self._masked_values: dict[tuple[str, str], str] = {}

    @classmethod
    def of(cls, project: Project) -> Redactor:
        return cls(project.settings.redact, largest_body=project.settings.pact.max_body)

    def __call__(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets; `masked` lists the places. The same object where there is none.

        Bodies that are too large to be told are not looked through, but left out.
        """
        exchange = without_large_bodies(exchange, self.largest_body)
        found = _Findings()
        request = self._request(exchange.request, found)
        path = exchange.path
        if path is not None and "request.path" in found.places:
            path, _ = _without_forms(path)
        response = exchange.response
        if response is not None and (generated := Generated(exchange)):
            response = self._response(response, generated, found)
        if not found.places:
            return exchange
        secrets = found.longest_first()
        return replace(
            exchange,
            request=request,
            response=response,
            path=path,
            name=_without(secrets, exchange.name),
            states=tuple(
                ProviderState(_without(secrets, state.name), _without(secrets, state.params))
                for state in exchange.states
            ),
            masked=tuple(dict.fromkeys((*exchange.masked, *found.places))),
        )

    def request(self, request: Request) -> Request:
        """The request without its secrets; the same object where there is none."""
        return self._request(request, _Findings())

    def text(self, text: str, request: Request | None = None) -> str:
        """What is said, about a request perhaps, without the request's secrets and what has a known secret's form."""
        if request is not None:
            found = _Findings()
            masked = self._request(request, found).url
            text = text.replace(request.url, masked)
            text = text.replace(request.url.partition("?")[0], masked.partition("?")[0])
            text = str(_without(found.longest_first(), text))
        return masked_text(text, forms(text), lambda _: MASK)

    def _request(self, request: Request, found: _Findings) -> Request:
        url = self._url(request.url, found)
        headers = self._masked_headers(request.headers, "request", None, found)
        body = self._body(request.body, request.header("content-type"), "request", None, found)
        if url is request.url and headers is request.headers and body is request.body:
            return request
        return Request(request.method, url, headers, body)

    def _response(self, response: Response, generated: Generated | None, found: _Findings) -> Response:
        headers = self._masked_headers(response.headers, "response", generated, found)
        body = self._body(response.body, response.header("content-type"), "response", generated, found)
        return Response(response.status, headers, body)

    def _url(self, url: str, found: _Findings) -> str:
        base, mark, query = url.partition("?")
        masked, secrets = _without_forms(base)
        for secret in secrets:
            found.note("request.path", secret)
        base = masked
        if mark:
            query = self._fields(query, "request.query", None, found)
        return f"{base}{mark}{query}" if found.places else url

    def _fields(self, text: str, place: str, generated: Generated | None, found: _Findings) -> str:
        """`a=1&token=x` with the values of secret names, and secrets of a known form, masked."""
        pieces = text.split("&")
        for index, piece in enumerate(pieces):
            name, equals, value = piece.partition("=")
            if not value:
                continue
            name = unquote_plus(name)
            if is_secret_name(name) or name.lower() in self._query:
                mask: Callable[[str], str] = shape
            elif may_hold_form(plain := unquote_plus(value)) and forms(plain):
                mask = _mask_forms
            else:
                continue
            at = below(place, name)
            if generated is None or generated.covers(at):
                value = unquote_plus(value)
                found.note(at, value)
                pieces[index] = f"{piece.partition('=')[0]}{equals}{quote_plus(mask(value))}"
        return "&".join(pieces)

    def _masked_headers(self, headers: Headers, side: str, generated: Generated | None, found: _Findings) -> Headers:
        changed: list[tuple[str, str]] | None = None
        for index, header in enumerate(headers):
            masked = self._masked_values.get(header)
            if masked is None:
                masked = self._masked_value(header)
            name, value = header
            place = f"{side}.headers.{name}"
            if masked == value or not (generated is None or generated.covers(place)):
                continue
            changed = list(headers) if changed is None else changed
            changed[index] = (name, masked)
            found.note(place, value)
            for secret in _credentials(name, value):
                found.note(place, secret)
            for start, end in in_urls(value, self._query):
                found.note(place, value[start:end])
        return headers if changed is None else tuple(changed)

    def _masked_value(self, header: tuple[str, str]) -> str:
        """The value of a header without its secrets; remembered, since clients send the same headers all the time."""
        name, value = header
        if name in _AUTHORIZATION:
            masked = _mask_authorization(value)
        elif name == "cookie":
            masked = _COOKIE_VALUE.sub(MASK, value)
        elif name == "set-cookie":
            masked = _COOKIE_VALUE.sub(MASK, value, count=1)
        elif name in self._headers or (is_secret_name(name) and not name.startswith(_HARMLESS)):
            masked = MASK if value else value
        else:
            spans = in_urls(value, self._query) + (forms(value) if may_hold_form(value) else [])
            masked = masked_text(value, spans, lambda _: MASK) if spans else value
        if len(self._masked_values) < _MOST_REMEMBERED:
            self._masked_values[header] = masked
        return masked

    def _body(
        self, body: bytes, content_type: str | None, side: str, generated: Generated | None, found: _Findings
    ) -> bytes:
        if not body:
            return body
        bare = media_type(content_type)
        encoding = "utf-8"
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            if not (bare.startswith(("multipart/", "text/")) or bare.endswith("xml")):
                return body
            # Some parts are bytes, or it is another charset's text, and may still hold passwords; Latin-1 keeps every
            # byte.
            text = body.decode(encoding := "latin-1")
        echoed = side == "response" and any(secret in text for secret in found.secrets)
        is_form = bare == FORM_MEDIA_TYPE
        plain = unquote_plus(text) if is_form else text
        if not (echoed or self._always_look or self._may_name(plain) or may_hold_form(plain)):
            return body
        if is_form:
            masked = self._fields(text, f"{side}.form", generated, found)
            return body if masked == text else masked.encode()
        if is_json(content_type) or text.lstrip()[:1] in ("{", "["):
            try:
                return self._json(body, side, generated, found)
            except NotJsonError:
                pass
        masked = self._text(text, side, generated, found)
        return body if masked == text else masked.encode(encoding)

    def _may_name(self, text: str) -> bool:
        lower = text.lower()
        return any(stem in lower for stem in self._stems)

    def _json(self, body: bytes, side: str, generated: Generated | None, found: _Findings) -> bytes:
        value = parse_json(body)
        chosen = {steps for path in self._paths for steps, _ in find(value, path)}
        walk = _JsonWalk(chosen, self._query, generated, found, side == "response")
        masked = walk.masked(value, f"{side}.{ROOT}", (), secret=False)
        if not walk.changed:
            return body
        return json.dumps(masked, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    def _text(self, text: str, side: str, generated: Generated | None, found: _Findings) -> str:
        place = f"{side}.body"
        if generated is not None and not generated.covers(place):
            return text
        spans = forms(text) + in_urls(text, self._query)
        for match in _IN_TEXT.finditer(text):
            kind = str(match.lastgroup).removesuffix("_value")
            if is_secret_name(match[kind]):
                spans.append(match.span(f"{kind}_value"))
        if side == "response":
            spans += [
                match.span() for secret in found.longest_first() for match in re.finditer(re.escape(secret), text)
            ]
        for start, end in spans:
            found.note(place, text[start:end])
        return masked_text(text, spans, lambda _: MASK)


class _JsonWalk:
    """Masks the members of one JSON body."""

    def __init__(
        self,
        chosen: set[Steps],
        query: frozenset[str],
        generated: Generated | None,
        found: _Findings,
        echoes: bool,  # noqa: FBT001
    ) -> None:
        self._chosen = chosen
        self._query = query
        self._made = generated
        self._found = found
        self._echoes = found.longest_first() if echoes else []
        self.changed = False

    def masked(self, value: Json, place: str, steps: Steps, *, secret: bool) -> Json:
        secret = secret or steps in self._chosen
        if isinstance(value, dict):
            return {
                name: self.masked(member, below(place, name), (*steps, name), secret=secret or is_secret_name(name))
                for name, member in value.items()
            }
        if isinstance(value, list):
            return [
                self.masked(element, below(place, index), (*steps, index), secret=secret)
                for index, element in enumerate(value)
            ]
        new = shape_json(value) if secret else self._by_form(value)
        if new is value or not (self._made is None or self._made.covers(place)):
            return value
        self._found.note(place, value)
        self.changed = True
        return new

    def _by_form(self, value: Json) -> Json:
        if isinstance(value, int) and not isinstance(value, bool):
            return shape_json(value) if value > 10**12 and forms(str(value)) else value
        if not isinstance(value, str):
            return value
        for secret in self._echoes:
            if secret in value:
                value = value.replace(secret, shape(secret))
        if spans := in_urls(value, self._query):
            value = masked_text(value, spans, shape)
        return _mask_forms(value) if may_hold_form(value) else value


def _last_name(path: Steps) -> str | None:
    last = path[-1] if path else Wild.EACH
    return last if isinstance(last, str) else None


def _without_forms(path: str) -> tuple[str, list[str]]:
    """A path without the secrets that their form gives away, percent-encoded ones included; and those secrets."""
    if not may_hold_form(unquote(path) if "%" in path else path):
        return path, []
    secrets = [path[start:end] for start, end in forms(path)]
    segments = masked_text(path, forms(path), lambda _: MASK).split("/")
    for index, segment in enumerate(segments):
        plain = unquote(segment)
        if spans := forms(plain):
            secrets += [plain[start:end] for start, end in spans]
            segments[index] = quote(masked_text(plain, spans, lambda _: MASK), safe="*")
    return "/".join(segments), secrets


def _mask_forms(text: str) -> str:
    spans = forms(text)
    return masked_text(text, spans, shape) if spans else text


def _mask_authorization(value: str) -> str:
    scheme = _SCHEME.match(value)
    return f"{scheme[0]} {MASK}" if scheme else MASK


def _credentials(name: str, value: str) -> list[str]:
    """The parts of a masked header that are secret by themselves."""
    if name in _AUTHORIZATION:
        return [value.partition(" ")[2].strip()]
    return _COOKIE_VALUE.findall(value) if name == "cookie" else _COOKIE_VALUE.findall(value)[:1]


def _without(secrets: list[str], value: Any) -> Any:
    """A name or parameters of a state without the secrets that a template put there."""
    match value:
        case str():
            for secret in secrets:
                value = value.replace(secret, MASK)
            return value
        case dict():
            return {key: _without(secrets, member) for key, member in value.items()}
        case list():
            return [_without(secrets, element) for element in value]
    return value
