"""Finds secrets in a body by its structure: JSON, forms, multipart, XML, text; each can contain the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from urllib.parse import quote_plus, unquote_plus

from multipart import parse_options_header

from interceptor.redaction.decoding import decoded_body
from interceptor.redaction.forms import may_hold_form, token_spans
from interceptor.redaction.masks import Span, masked_text
from interceptor.redaction.values import SHORTEST_SECRET, Finder, Outlook
from interceptor.redaction.xml_text import in_markup
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.mask import MASK, shape, shape_json
from interceptor.values.media_types import MediaType, media_type
from interceptor.values.place import ROOT, Steps, below, find

Note = Callable[[str, object], None]
"""Called with each masked place and the secret there."""
_SHORTEST_TOKEN = 16
"""Characters; a shorter name is not a token."""
_WORTH_ASKING = 4096
"""Characters of a text that is looked through as a whole first."""
_LEAST_CARD_NUMBER = 10**12
_NAMING, _NAMED = ("name", "key", "id", "field", "property", "parameter", "path"), frozenset({"value", "values"})
"""Members of which one says what the other holds."""


@dataclass(frozen=True, slots=True)
class BodyMasker:
    """Masks the secrets of one body.

    Args:
        finder: knows what a secret is.
        outlook: tells cheaply what cannot contain one.
        side: `request` or `response`; places begin with it.
        covers: whether a place may be masked; a handler's literal values may not.
        note: called with what was masked.
        paths: JSON paths that the project declares secret.
        echoed: secrets of the request, to be found again in the response.
    """

    finder: Finder
    outlook: Outlook
    side: str
    covers: Callable[[str], bool]
    note: Note
    paths: tuple[Steps, ...] = ()
    echoed: tuple[str, ...] = ()

    def masked(self, body: bytes, content_type: str | None) -> bytes:
        """The body without its secrets; the same object if there are none."""
        if not body:
            return body
        text, encoding, mark = decoded_body(body, content_type)
        if text is None:
            return self._bytes(body)
        if not self._worth_a_look(text):
            return body
        masker = replace(self, finder=replace(self.finder, formless=True)) if _is_formless(text) else self
        masked = masker._text(text, content_type, f"{self.side}.body")  # noqa: SLF001  # a masker as this one
        return body if masked == text else mark + masked.encode(encoding, "replace")

    def _bytes(self, body: bytes) -> bytes:
        """What is no text, with the tokens in it masked at their length."""
        text, place = body.decode("latin-1"), f"{self.side}.body"
        spans = token_spans(text)
        if not spans or not self.covers(place):
            return body
        for start, end in spans:
            self.note(place, text[start:end])
        return masked_text(text, spans, shape).encode("latin-1")

    def _worth_a_look(self, text: str) -> bool:
        return (
            bool(self.paths)
            or any(secret in text for secret in self.echoed)
            or "\\u" in text  # an escape of JSON may be a part of anything
            or self.outlook.may_be_secret(unquote_plus(text) if "%" in text else text)
            or ("+" in text and self.outlook.may_be_secret(unquote_plus(text)))  # a form's card number, spaced
        )

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
        if kind.subtype == "csv":
            text = self._columns(text, place)
        return self._free(text, place)

    # Forms and queries -----------------------------------------------------------------------------------------

    def fields(self, text: str, place: str) -> str:
        """`a=1&token=x` with its secrets masked, including a bare token in the position of a name."""
        return "&".join(self._field(piece, place) for piece in text.split("&"))

    def _field(self, piece: str, place: str) -> str:
        name, equals, value = piece.partition("=")
        is_encoded = "%" in piece or "+" in piece
        plain_name, plain = (unquote_plus(name), unquote_plus(value)) if is_encoded else (name, value)
        if (
            equals
            and len(name) < _SHORTEST_TOKEN
            and self.is_plain(plain)
            and not self.finder.is_secret_name(plain_name)
        ):
            return piece
        spans = self.finder.in_text(plain_name) if len(name) >= _SHORTEST_TOKEN else []
        if spans := spans or ([] if equals else self.finder.random_in(plain_name)):
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
        """A value under a name, at a place that may be masked."""
        spotted: list[object] = []
        masked = self.text_value(value, name, spotted)
        for each in spotted:
            self.note(at, each)
        return masked

    def text_value(self, value: str, name: str, spotted: list[object]) -> str:
        """A value under a name, what is secret in it put with what was spotted; JSON within it is walked through."""
        if value.lstrip()[:1] in ("{", "["):
            try:
                masked = self._json_within(value, spotted)
            except NotJsonError:
                masked = value
            if masked != value:
                return masked
        value = self.without_echoes(value, spotted) if self.echoed else value
        spans = self.finder.in_value(value, name)
        if value[:1] == "<":
            spans += in_markup(value)
        spotted += [value[start:end] for start, end in spans]
        return masked_text(value, spans, shape) if spans else value

    def is_plain(self, value: str) -> bool:
        """True for a text that is too short to be secret by itself, and echoes none."""
        return len(value) < SHORTEST_SECRET and not (self.echoed or "=" in value or ":" in value)

    def without_echoes(self, value: str, spotted: list[object]) -> str:
        for secret in self.echoed:
            if secret in value:
                spotted.append(secret)
                value = value.replace(secret, shape(secret))
        return value

    # JSON ------------------------------------------------------------------------------------------------------

    def _json_text(self, text: str, place: str) -> str:
        value = parse_json(text.encode("utf-8", "surrogatepass"))
        chosen = {steps for path in self.paths for steps, _ in find(value, path)}
        walk = _JsonWalk(self, place, chosen, within=False)
        masked = walk.masked(value, (), "", secret=False)
        return _written(masked) if walk.changed else text

    def _json_within(self, text: str, spotted: list[object]) -> str:
        """JSON in a text, which is at one place as a whole."""
        value = parse_json(text.encode("utf-8", "surrogatepass"))
        inner = replace(self, covers=_anywhere, note=lambda _, secret: spotted.append(secret))
        walk = _JsonWalk(inner, "", set(), within=True)
        masked = walk.masked(value, (), "", secret=False)
        return _written(masked) if walk.changed else text

    def scalar(self, value: str | float, name: str, spotted: list[object]) -> Json:
        """A text or a number of a JSON value, which stands under a name."""
        if isinstance(value, str):
            return self.text_value(value, name, spotted)
        if isinstance(value, int) and value > _LEAST_CARD_NUMBER and self.finder.in_text(str(value)):
            spotted.append(value)
            return shape_json(value)
        return value

    # CSV -------------------------------------------------------------------------------------------------------

    def _columns(self, text: str, place: str) -> str:
        """The cells below a secret name of the first line masked."""
        head, newline, rest = text.partition("\n")
        delimiter = max(",;\t", key=head.count)
        secret = {at for at, name in enumerate(head.split(delimiter)) if self.finder.is_secret_name(name.strip(' "\r'))}
        if not secret or not self.covers(place):
            return text
        self.note(place, "")
        rows = (
            delimiter.join(
                MASK + cell[len(cell.rstrip("\r")) :] if at in secret and cell.strip() else cell
                for at, cell in enumerate(row.split(delimiter))
            )
            for row in rest.split("\n")
        )
        return f"{head}{newline}" + "\n".join(rows)

    # Multipart and text ----------------------------------------------------------------------------------------

    def _multipart(self, text: str, kind: MediaType, place: str) -> str:
        """Each part by its own name and type; the lines between the parts stay as they are."""
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
        spans = self.finder.by_form(head)
        for start, end in spans:
            self.note(place, head[start:end])
        return f"{masked_text(head, spans, shape)}{gap}{masked}{content[len(inner) :]}"

    def _text_within(self, text: str, content_type: str | None, name: str, place: str) -> str:
        if media_type(content_type).is_json or text[:1] in ("{", "["):
            try:
                return self._json_at(text, place)
            except NotJsonError:
                pass
        if content_type is None and "\n" not in text:
            return self._value(text, name, place)
        return self._free(text, place)

    def _json_at(self, text: str, place: str) -> str:
        spotted: list[object] = []
        masked = self._json_within(text, spotted)
        for each in spotted:
            self.note(place, each)
        return masked

    def _free(self, text: str, place: str) -> str:
        """Any other text; a secret inside it becomes `***`."""
        if not self.covers(place):
            return text
        spans = self.finder.in_value(text)
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            spans += in_markup(text)
        for secret in self.echoed:
            start = text.find(secret)
            while start >= 0:
                spans.append((start, start + len(secret)))
                start = text.find(secret, start + len(secret))
        for start, end in spans:
            self.note(place, text[start:end])
        return masked_text(text, spans, lambda _: MASK) if spans else text


@dataclass(slots=True)
class _JsonWalk:
    """Masks the members of one JSON value.

    `chosen` are the places that the project declares secret. A value `within` a text is at one place as a whole.
    """

    masker: BodyMasker
    root: str
    chosen: set[Steps]
    within: bool
    changed: bool = False
    names: dict[str, tuple[list[Span], bool]] = field(default_factory=dict)
    """Of each member's name: the tokens in it, and whether what stands under it is secret."""

    def masked(self, value: Json, steps: Steps, name: str, *, secret: bool) -> Json:
        kind = type(value)
        if kind is str and not secret and self._is_plain(value):
            return value
        secret = secret or (bool(self.chosen) and steps in self.chosen)
        if kind is dict:
            return self._members(value, steps, secret=secret)
        if kind is list:
            named = self._is_pair(value)
            return [
                self.masked(element, (*steps, index), name, secret=secret or (named and index == 1))
                for index, element in enumerate(value)
            ]
        if value is None or kind is bool:
            return value
        return self._scalar(value, steps, name, secret=secret)

    def _is_plain(self, value: str) -> bool:
        """True for a text that is too short to be secret by itself."""
        return not self.chosen and self.masker.is_plain(value)

    def _scalar(self, value: str | float, steps: Steps, name: str, *, secret: bool) -> Json:
        """A value whose place is known only where it has to be: most are as they were."""
        spotted: list[object] = []
        if secret:
            masked = shape_json(value)
            spotted.append(value)
        else:
            masked = self.masker.scalar(value, name, spotted)
        if masked == value or not self.masker.covers(place := self._place(steps)):
            return value
        self.changed = True
        for each in spotted:
            self.masker.note(place, each)
        return masked

    def _members(self, value: dict[str, Json], steps: Steps, *, secret: bool) -> dict[str, Json]:
        named = not _NAMED.isdisjoint(value) and self._names_another(value)
        result: dict[str, Json] = {}
        for name, member in value.items():
            tokens, is_secret = self.names.get(name) or self._known(name)
            spelt = self._name(name, tokens, steps) if tokens or self.masker.echoed else name
            own = secret or is_secret or (named and name in _NAMED)
            if own or type(member) is not str or not self._is_plain(member):
                member = self.masked(member, (*steps, spelt), spelt, secret=own)  # noqa: PLW2901  # as it is written
            result[spelt] = member
        return result

    def _known(self, name: str) -> tuple[list[Span], bool]:
        finder = self.masker.finder
        tokens = finder.in_text(name) if len(name) >= _SHORTEST_TOKEN else []
        known = self.names[name] = (tokens, finder.is_secret_name(name))
        return known

    def _name(self, name: str, tokens: list[Span], steps: Steps) -> str:
        spotted: list[object] = [name[start:end] for start, end in tokens]
        masked = self.masker.without_echoes(masked_text(name, tokens, shape), spotted)
        if masked == name or not self.masker.covers(place := self._place(steps)):
            return name
        self.changed = True
        for each in spotted:
            self.masker.note(place, each)
        return masked

    def _place(self, steps: Steps) -> str:
        return self.root if self.within else reduce(below, steps, self.root)  # type: ignore[arg-type]  # none is wild

    def _is_pair(self, value: list[Json]) -> bool:
        """True for a name and its secret, as some write headers; two names of secrets are no such pair."""
        match value:
            case [str() as name, str() as said]:
                return self.masker.finder.is_secret_name(name) and any(map(str.isdigit, said))
        return False

    def _names_another(self, value: dict[str, Json]) -> bool:
        """True where a member says what the one beside it is: `{"name": "password", "value": "x"}`."""
        said = (value.get(name) for name in _NAMING)
        return any(
            isinstance(each, str) and self.masker.finder.is_secret_name(each.rpartition("/")[2]) for each in said
        )


def _is_formless(text: str) -> bool:
    """True for a long text without secrets of a known form, so that its values need not be asked one by one."""
    if len(text) < _WORTH_ASKING:
        return False
    plain = text.replace("\\/", "/")
    return not ("\\u" in plain or "%" in plain or may_hold_form(plain))


def _written(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _anywhere(_place: str) -> bool:
    return True
