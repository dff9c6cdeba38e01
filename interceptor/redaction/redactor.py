"""Exchange -> Exchange without its secrets, before anything is written.

In requests and in real responses, secrets are masked by their name (`authorization`, cookies, `api_key`), by their
form (tokens of well-known services, private keys, card numbers), and if they look random and no handler asks for
them literally. Literal values of a handler's response are test data and stay; only generated values are searched,
which includes a secret of the request that a template echoes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from interceptor.project.config import LARGEST_BODY, Project, Redaction
from interceptor.redaction.bodies import BodyMasker
from interceptor.redaction.forms import forms, in_urls, may_hold_form
from interceptor.redaction.large_bodies import without_large_bodies
from interceptor.redaction.masks import masked_text
from interceptor.redaction.moved_spans import after_masking, with_stand_ins
from interceptor.redaction.names import is_secret_name, may_name_secret
from interceptor.redaction.randomness import looks_chosen
from interceptor.redaction.values import Finder, Outlook
from interceptor.values.exchange import Exchange, Metadata, ProviderState
from interceptor.values.generated import Generated
from interceptor.values.mask import MASK
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.place import Place, Side, Steps, Wild, parse_path

_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?= +\S)")
# All pairs of a cookie are masked, but only the first of a set-cookie: the others are attributes.
_COOKIE_VALUE = re.compile(r"(?<==)[^;]+")
_HARMLESS_HEADERS = ("sec-", "www-", "access-control-")
"""Headers about security, not secrets."""
_MOST_REMEMBERED = 2000
_LONGEST_REMEMBERED = 256
"""Characters of a header's value; longer ones are searched each time."""
_SHORTEST_ECHO = 6
"""Characters; a shorter secret would also be found in unrelated places."""
_MOST_ECHOES = 200


@dataclass(slots=True)
class _Findings:
    """What was masked, and the secrets themselves, to find their echoes."""

    places: dict[str, None] = field(default_factory=dict)
    secrets: dict[str, None] = field(default_factory=dict)

    def note(self, place: str, secret: object) -> None:
        self.places[place] = None
        if isinstance(secret, str) and len(secret) >= _SHORTEST_ECHO:
            self.secrets[secret] = None

    def longest_first(self, text: str | None = None) -> tuple[str, ...]:
        """The secrets, of a text those that are in it, so that one within another never spoils it."""
        # An answer may say the URL it was asked for, with the secrets encoded.
        spelt = {each for secret in self.secrets for each in _spellings(secret)}
        present = (secret for secret in spelt if text is None or secret in text)
        return tuple(sorted(present, key=lambda secret: (-len(secret), secret))[:_MOST_ECHOES])


def _spellings(secret: str) -> tuple[str, ...]:
    """A secret as an answer may say it: as it is, encoded in a URL, in base64."""
    encoded = secret.encode("utf-8", "surrogatepass")
    return secret, quote(encoded, safe=""), quote_plus(encoded), base64.b64encode(encoded).decode()


class Redactor:
    """Masks the secrets of exchanges by the built-in lists and the project's own."""

    def __init__(self, settings: Redaction | None = None, *, largest_body: int = LARGEST_BODY) -> None:
        settings = settings or Redaction()
        self.largest_body = largest_body
        self._headers = frozenset(settings.headers)
        self._finder = Finder(frozenset(name.lower() for name in settings.query))
        self._paths = tuple(parse_path(path) for path in settings.json_)
        names = [_last_name(path) for path in self._paths]
        self._outlook = Outlook((*self._finder.names, *(name.lower() for name in names if name)))
        self._masked_values: dict[tuple[str, str], str] = {}
        self._harmless: set[str] = set()
        """URLs without their queries that hold no secret."""

    @classmethod
    def of(cls, project: Project) -> Redactor:
        return cls(project.settings.redact, largest_body=project.settings.pact.max_body)

    def __call__(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets, the places listed in `masked`; the same object if there are none.

        Bodies that are too large are not searched, but left out.
        """
        exchange = without_large_bodies(exchange, self.largest_body)
        found = _Findings()
        request = self._request(exchange.request, found, exchange.metadata.literal)
        response = exchange.response
        if response is not None and (generated := Generated(exchange)):
            response = self._response(response, self._covers(response, generated, exchange.metadata, found), found)
        known = exchange.metadata
        if found.places and response is not None and (known.spans or known.constants):
            known = after_masking(exchange, response, partial(_without, found.longest_first()))
        metadata = self._metadata(known, found)
        if not found.places:
            return exchange if metadata is exchange.metadata else replace(exchange, metadata=metadata)
        masked = tuple(dict.fromkeys((*exchange.masked, *found.places)))
        return replace(exchange, request=request, response=response, metadata=metadata, masked=masked)

    def request(self, request: Request) -> Request:
        """The request without its secrets; the same object if there are none."""
        return self._request(request, _Findings(), ())

    def text(self, text: str, request: Request | None = None) -> str:
        """A message without secrets of a known form, and without those of the request that it is about."""
        if request is not None:
            found = _Findings()
            masked = self._request(request, found, ()).url
            text = text.replace(request.url, masked)
            text = text.replace(request.url.partition("?")[0], masked.partition("?")[0])
            text = str(_without(found.longest_first(), text))
        return masked_text(text, forms(text), lambda _: MASK)

    def _metadata(self, known: Metadata, found: _Findings) -> Metadata:
        """The metadata without secrets in its path and its names; the same object if there are none."""
        if known.path is not None and "request.path" in found.places:
            known = replace(known, path=_masked_path(known.path, self._finder)[0])
        texts = (known.name, known.test, *(state.name for state in known.states))
        if not any(texts):
            return known
        secrets = found.longest_first()
        if not secrets and not any(text and may_hold_form(text) for text in texts):
            return known
        states = tuple(
            ProviderState(_without(secrets, state.name), _without(secrets, state.params)) for state in known.states
        )
        return replace(known, name=_without(secrets, known.name), test=_without(secrets, known.test), states=states)

    def _request(self, request: Request, found: _Findings, literal: tuple[str, ...]) -> Request:
        finder = replace(self._finder, literal=literal) if literal else self._finder
        body = BodyMasker(finder, self._outlook, "request", _anywhere, found.note, self._paths)
        url = self._url(request.url, body, found)
        headers = self._masked_headers(request.headers, "request", _anywhere, found)
        content = body.masked(request.body, request.header("content-type"))
        if url is request.url and headers is request.headers and content is request.body:
            return request
        return Request(request.method, url, headers, content)

    def _covers(
        self, response: Response, generated: Generated, known: Metadata, found: _Findings
    ) -> Callable[[str], bool]:
        """Whether a place may be masked; where a source made the value, whether its stand-in would be."""
        if not known.spans:
            return generated.covers
        among = _Findings(secrets=dict(found.secrets))
        self._response(with_stand_ins(response, known.spans), generated.covers, among)
        made = {_value_place(place) for place in known.spans} - among.places.keys()
        return lambda place: place not in made and generated.covers(place)

    def _response(self, response: Response, covers: Callable[[str], bool], found: _Findings) -> Response:
        text = response.body.decode("utf-8", "replace") if found.secrets else ""
        headers = self._masked_headers(response.headers, "response", covers, found)
        body = BodyMasker(
            self._finder,
            self._outlook,
            "response",
            covers,
            found.note,
            self._paths,
            found.longest_first(text),
        )
        return Response(response.status, headers, body.masked(response.body, response.header("content-type")))

    def _url(self, url: str, body: BodyMasker, found: _Findings) -> str:
        base, mark, query = url.partition("?")
        masked = base
        if base not in self._harmless:
            masked, secrets = _masked_path(base, self._finder)
            for secret in secrets:
                found.note("request.path", secret)
            if not secrets and len(self._harmless) < _MOST_REMEMBERED and len(base) <= _LONGEST_REMEMBERED:
                self._harmless.add(base)
        if mark:
            query = body.fields(query, "request.query")
        return f"{masked}{mark}{query}" if found.places else url

    def _masked_headers(self, headers: Headers, side: Side, covers: Callable[[str], bool], found: _Findings) -> Headers:
        changed: list[tuple[str, str]] | None = None
        echoes = found.longest_first() if side == "response" else ()
        for index, header in enumerate(headers):
            masked = self._masked_values.get(header)
            if masked is None:
                masked = self._masked_value(header)
            name, value = header
            if echoes:
                masked = str(_without(echoes, masked))
            if masked == value or not covers(place := str(Place("header", name, side=side))):
                continue
            changed = list(headers) if changed is None else changed
            changed[index] = (name, masked)
            found.note(place, value)
            for secret in _credentials(name, value):
                found.note(place, secret)
            for start, end in self._finder.in_text(value):
                found.note(place, value[start:end])
        return headers if changed is None else tuple(changed)

    def _masked_value(self, header: tuple[str, str]) -> str:
        """The value of a header without its secrets; cached, since clients send the same headers all the time."""
        name, value = header
        if name in _AUTHORIZATION:
            masked = _mask_authorization(value)
        elif name == "cookie":
            masked = _COOKIE_VALUE.sub(MASK, value)
        elif name == "set-cookie":
            masked = _COOKIE_VALUE.sub(MASK, value, count=1)
        elif name in self._headers or (is_secret_name(name) and not name.startswith(_HARMLESS_HEADERS)):
            masked = MASK if value else value
        elif name.startswith(_HARMLESS_HEADERS):
            masked = masked_text(value, forms(value), lambda _: MASK)
        else:
            masked = masked_text(value, self._finder.in_value(value, name), lambda _: MASK)
        if len(self._masked_values) < _MOST_REMEMBERED and len(value) <= _LONGEST_REMEMBERED:
            self._masked_values[header] = masked
        return masked


def _value_place(place: str) -> str:
    """The place of which a value is one of several: `response.headers.link[1]` -> `response.headers.link`."""
    return place.partition("[")[0] if place.startswith(("response.headers.", "response.form.")) else place


def _anywhere(_place: str) -> bool:
    return True


def _last_name(path: Steps) -> str | None:
    last = path[-1] if path else Wild.EACH
    return last if isinstance(last, str) else None


def _masked_path(path: str, finder: Finder) -> tuple[str, list[str]]:
    """A path without secrets of a known form or in matrix parameters, also encoded ones; and those secrets."""
    plain = unquote(path) if "%" in path else path
    spans = in_urls(path, finder.names) if ";" in path else []
    is_named = may_name_secret(path) or any(word in path for word in _OPENS_DOORS)
    if not spans and not is_named and not may_hold_form(plain):
        return path, []
    spans += forms(path)
    secrets = [path[start:end] for start, end in spans]
    segments = masked_text(path, spans, lambda _: MASK).split("/")
    for index, segment in enumerate(segments):
        decoded = unquote(segment)
        if is_named and index and looks_chosen(decoded) and _is_named(segments[index - 1]):
            secrets.append(decoded)
            segments[index] = MASK
        elif found := forms(decoded):
            secrets += [decoded[start:end] for start, end in found]
            segments[index] = quote(masked_text(decoded, found, lambda _: MASK), safe="*")
    return "/".join(segments), secrets


_OPENS_DOORS = ("activate", "confirm", "invitations", "invite", "magic", "reset", "unsubscribe", "verify")


def _is_named(segment: str) -> bool:
    """True for the segment before one that lets somebody in: `/reset/x`, `/token/x`."""
    return segment in _OPENS_DOORS or is_secret_name(segment)


def _mask_authorization(value: str) -> str:
    scheme = _SCHEME.match(value)
    return f"{scheme[0]} {MASK}" if scheme else MASK


def _credentials(name: str, value: str) -> list[str]:
    """The parts of a masked header that are secrets of their own."""
    if name in _AUTHORIZATION:
        scheme, _, credentials = value.partition(" ")
        found = [credentials.strip()]
        if scheme.lower() == "basic":
            found += _password(found[0])
        return found
    return _COOKIE_VALUE.findall(value) if name == "cookie" else _COOKIE_VALUE.findall(value)[:1]


def _password(basic: str) -> list[str]:
    """The password in Basic credentials (RFC 7617), which a server may echo in plain text."""
    try:
        user, colon, password = base64.b64decode(basic, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [f"{user}:{password}", password] if colon else []


def _without(secrets: tuple[str, ...], value: Any) -> Any:
    """The name or the parameters of a state without tokens and without the secrets that a template put there."""
    match value:
        case str():
            for secret in secrets:
                value = value.replace(secret, MASK)
            return masked_text(value, forms(value), lambda _: MASK) if may_hold_form(value) else value
        case dict():
            return {key: _without(secrets, member) for key, member in value.items()}
        case list():
            return [_without(secrets, element) for element in value]
    return value
