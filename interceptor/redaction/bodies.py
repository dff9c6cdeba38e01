"""Secrets in a body, looked for by its structure: JSON, forms, multipart, XML, text; each may hold the others."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from multipart import parse_options_header

from interceptor.redaction.masks import masked_text, shape, shape_json
from interceptor.redaction.values import Finder, Outlook
from interceptor.redaction.xml_text import in_markup
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.lean import lean
from interceptor.values.mask import MASK
from interceptor.values.media_types import MediaType, media_type
from interceptor.values.place import ROOT, Steps, below, find

Note = Callable[[str, object], None]
"""Is told each place that is masked, and the secret there."""
_SHORTEST_TOKEN = 16
"""Characters; a shorter name is no token."""
_LEAST_CARD_NUMBER = 10**12
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@lean(frozen=True, slots=True)
class BodyMasker:
    """Masks the secrets of one body.

    Args:
        finder: knows what a secret is.
        outlook: knows what cannot hold one.
        side: `request` or `response`; places begin with it.
        covers: whether a place may be masked; what a handler says literally may not.
        note: is told what was masked.
        paths: JSON paths that the project calls secret.
        echoed: secrets of the request, to be found again in its answer.
    """

    finder: Finder
    outlook: Outlook
    side: str
    covers: Callable[[str], bool]
    note: Note
    paths: tuple[Steps, ...] = ()
    echoed: tuple[str, ...] = ()

    def masked(self, body: bytes, content_type: str | None) -> bytes:
        """The body without its secrets; the same object where there is none."""
        if not body:
            return body
        text, encoding, mark = _decoded(body, content_type)
        if text is None or not self._worth_a_look(text):
            return body
        masked = self._text(text, content_type, f"{self.side}.body")
        return body if masked == text else mark + masked.encode(encoding, "replace")

    def _worth_a_look(self, text: str) -> bool:
        return (
            bool(self.paths)
            or any(secret in text for secret in self.echoed)
            or self.outlook.may_be_secret(unquote_plus(text) if "%" in text else text)
            or ("+" in text and self.outlook.may_be_secret(unquote_plus(text)))
        )

    def query(self, text: str) -> str:
        """A query with what is secret masked."""
        if not self.outlook.may_be_secret_in_fields(unquote_plus(text)):
            return text
        return self.fields(text, f"{self.side}.query")

    def _text(self, text: str, content_type: str | None, place: str) -> str:
        kind = media_type(content_type)
        if kind.is_form:
            return self.fields(text, f"{self.side}.form")
        if kind.is_json or text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
            try:
                return self._json_text(text, f"{self.side}.{ROOT}")
            except NotJsonError:
                pass
        if kind.is_multipart:
            return self._multipart(text, kind, place)
        return self._free(text, place)

    # Forms and queries -----------------------------------------------------------------------------------------

    def fields(self, text: str, place: str) -> str:
        """`a=1&token=x` with what is secret masked; a bare token in the place of a name too."""
        return "&".join(self._field(piece, place) for piece in text.split("&"))

    def _field(self, piece: str, place: str) -> str:
        name, equals, value = piece.partition("=")
        plain_name, plain = unquote_plus(name), unquote_plus(value)
        if spans := self.finder.in_text(plain_name) if len(name) >= _SHORTEST_TOKEN else []:
            masked_name = masked_text(plain_name, spans, shape)
            for start, end in spans:
                self.note(below(place, masked_name), plain_name[start:end])
            name = quote_plus(masked_name)
        if not value:
            return f"{name}{equals}"
        at = below(place, plain_name)
        if not self.covers(at):
            return piece
        masked = self._value(plain, plain_name, at)
        return f"{name}{equals}{value if masked == plain else quote_plus(masked)}"

    # One value -------------------------------------------------------------------------------------------------

    def _value(self, value: str, name: str, at: str) -> str:
        """A value under a name; JSON within it is walked through."""
        if value[:1] in ("{", "["):
            try:
                masked = self._json_text(value, at, within=True)
            except NotJsonError:
                masked = value
            if masked != value:
                return masked
        value = self._without_echoes(value, at)
        spans = self.finder.in_value(value, name)
        for start, end in spans:
            self.note(at, value[start:end])
        return masked_text(value, spans, shape) if spans else value

    def _without_echoes(self, value: str, at: str) -> str:
        for secret in self.echoed:
            if secret in value:
                self.note(at, secret)
                value = value.replace(secret, shape(secret))
        return value

    # JSON ------------------------------------------------------------------------------------------------------

    def _json_text(self, text: str, place: str, *, within: bool = False) -> str:
        """A JSON text; one within another text is at one place as a whole."""
        value = parse_json(text.encode("utf-8", "surrogatepass"))
        chosen = set() if within else {steps for path in self.paths for steps, _ in find(value, path)}
        masked = _JsonWalk(self, chosen, within=within).masked(value, place, (), "", secret=False)
        return text if masked == value else json.dumps(masked, ensure_ascii=False, separators=(",", ":"))

    def scalar(self, value: str | float, name: str, at: str) -> Json:
        """A text or a number of a JSON value, which stands under a name."""
        if isinstance(value, str):
            return self._value(value, name, at)
        if isinstance(value, int) and value > _LEAST_CARD_NUMBER and self.finder.in_text(str(value)):
            self.note(at, value)
            return shape_json(value)
        return value

    # Multipart and text ----------------------------------------------------------------------------------------

    def _multipart(self, text: str, kind: MediaType, place: str) -> str:
        """Each part by its own name and type; the lines between stay as they are."""
        boundary = kind.boundary or text.partition("\n")[0].strip().removeprefix("--")
        if not boundary:
            return self._free(text, place)
        delimiter = f"--{boundary}"
        return delimiter.join(self._part(part, place) for part in text.split(delimiter))

    def _part(self, part: str, place: str) -> str:
        newline = "\r\n" if "\r\n\r\n" in part else "\n"
        head, gap, content = part.partition(newline * 2)
        if not gap or not self.covers(place):
            return part
        inner = content.removesuffix(newline)
        headers = {
            name.strip().lower(): value.strip()
            for name, colon, value in (line.partition(":") for line in head.split(newline))
            if colon
        }
        name = parse_options_header(headers.get("content-disposition", ""))[1].get("name", "")
        if self.finder.is_secret_name(name) and inner:
            self.note(place, inner)
            masked = MASK
        else:
            masked = self._text_within(inner, headers.get("content-type"), name, place)
        return f"{head}{gap}{masked}{content[len(inner) :]}"

    def _text_within(self, text: str, content_type: str | None, name: str, place: str) -> str:
        if media_type(content_type).is_json or text[:1] in ("{", "["):
            try:
                return self._json_text(text, place, within=True)
            except NotJsonError:
                pass
        if content_type is None and "\n" not in text:
            return self._value(text, name, place)
        return self._free(text, place)

    def _free(self, text: str, place: str) -> str:
        """Text of any other kind; a secret within it becomes `***`."""
        if not self.covers(place):
            return text
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            spans = self.finder.by_form(text) + in_markup(text)
        else:
            spans = self.finder.in_value(text)
        for secret in self.echoed:
            start = text.find(secret)
            while start >= 0:
                spans.append((start, start + len(secret)))
                start = text.find(secret, start + len(secret))
        for start, end in spans:
            self.note(place, text[start:end])
        return masked_text(text, spans, lambda _: MASK) if spans else text


@dataclass(frozen=True, slots=True)
class _JsonWalk:
    """Masks the members of one JSON value.

    `chosen` are the places that the project calls secret. A value `within` a text has no places of its own.
    """

    masker: BodyMasker
    chosen: set[Steps]
    within: bool

    def masked(self, value: Json, place: str, steps: Steps, name: str, *, secret: bool) -> Json:
        secret = secret or (bool(self.chosen) and steps in self.chosen)
        if isinstance(value, dict):
            return dict(self._member(each, place, steps, secret=secret) for each in value.items())
        if isinstance(value, list):
            return [
                self.masked(element, self._below(place, index), (*steps, index), name, secret=secret)
                for index, element in enumerate(value)
            ]
        if value is None or isinstance(value, bool) or not self.masker.covers(place):
            return value
        if not secret:
            return self.masker.scalar(value, name, place)
        if (masked := shape_json(value)) != value:
            self.masker.note(place, value)
        return masked

    def _member(self, member: tuple[str, Json], place: str, steps: Steps, *, secret: bool) -> tuple[str, Json]:
        name, value = member
        spans = self.masker.finder.in_text(name) if len(name) >= _SHORTEST_TOKEN else []
        if spans and self.masker.covers(place):
            for start, end in spans:
                self.masker.note(place, name[start:end])
            name = masked_text(name, spans, shape)
        secret = secret or self.masker.finder.is_secret_name(name)
        return name, self.masked(value, self._below(place, name), (*steps, name), name, secret=secret)

    def _below(self, place: str, step: str | int) -> str:
        return place if self.within else below(place, step)


def _decoded(body: bytes, content_type: str | None) -> tuple[str | None, str, bytes]:
    """The text of a body, its encoding and its byte order mark; no text where the body is bytes of no text."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            try:
                return body[len(mark) :].decode(encoding), encoding, mark
            except UnicodeDecodeError:
                return None, encoding, mark
    kind = media_type(content_type)
    for encoding in ("utf-8", kind.charset):
        try:
            return body.decode(encoding), encoding, b""
        except (UnicodeDecodeError, LookupError):
            continue
    # Some parts are bytes, or one byte is odd, and the rest may still hold passwords; Latin-1 keeps every byte.
    spelt = kind.subtype.startswith("json") or kind.subtype.endswith(("xml", "json", "yaml"))
    if spelt or kind.is_text or kind.is_multipart:
        return body.decode("latin-1"), "latin-1", b""
    return None, "utf-8", b""
