"""Pact files of every specification -> what they say, in one form; for those who look at pacts that exist already."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl

from interceptor.values.errors import PactError, UsageError
from interceptor.values.json_text import Json, has_lone_surrogate, parse_json

PassedOver: TypeAlias = Literal["message", "plugin interaction"]
"""What a pact may hold beside plain HTTP: a message, or an interaction whose content only a plugin understands."""

_PARTS = ("body", "header", "query", "path", "status")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One matcher as it stands in a pact: `Matcher("body", "$.id", {"match": "regex", "regex": "[0-9]+"})`."""

    part: str
    at: str
    form: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class PactMessage:
    """A request or a response of a pact; header names are in lower case."""

    headers: Mapping[str, list[str]]
    has_body: bool
    body: Json
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class PactInteraction:
    """One interaction over HTTP; `index` is its place in the file, from 0."""

    index: int
    description: str
    states: tuple[tuple[str, Mapping[str, Json]], ...]
    method: str
    path: str
    query: Mapping[str, list[str]]
    request: PactMessage
    status: int
    response: PactMessage


@dataclass(frozen=True, slots=True)
class Pact:
    """A pact file and what it says."""

    file: Path
    consumer: str
    provider: str
    specification: str
    interactions: tuple[PactInteraction, ...]
    document: Mapping[str, Json]
    """The JSON of the file."""
    passed_over: tuple[PassedOver, ...] = ()
    """What else it holds, one for each."""

    @property
    def written(self) -> list[Json]:
        """Every interaction and message as it stands in the file; the index of an interaction is its place here."""
        return written_items(self.document)


def read_pact(file: Path) -> Pact:
    """The pact of a file; messages and the interactions of plugins are passed over.

    Raises:
        UsageError: where the file cannot be read.
        PactError: where it is no pact.
    """
    try:
        document = parse_json(file.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read the pact {file}: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise _no_pact(file, error) from error
    return parse_pact(document, file)


def parse_pact(document: Json, file: Path) -> Pact:
    """The pact of a JSON document; `file` is the name by which it is spoken of.

    Raises:
        PactError: where it is no pact.
    """
    try:
        if has_lone_surrogate(document):
            raise ValueError("a text in it holds half a character (a lone surrogate)")  # noqa: TRY301  # told below
        version = str(document.get("metadata", {}).get("pactSpecification", {}).get("version", "2.0.0"))
        # From specification 4 on a body is wrapped: {"content": ..., "contentType": ..., "encoded": ...}
        items = written_items(document)
        interactions = tuple(_interactions(items, wrapped=version.startswith("4")))
        passed_over = tuple(kind for kind in map(not_plain_http, items) if kind is not None)
        consumer, provider = document["consumer"]["name"], document["provider"]["name"]
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise _no_pact(file, error) from error
    return Pact(file, str(consumer), str(provider), version, interactions, document, passed_over)


def _no_pact(file: Path, error: Exception) -> PactError:
    return PactError(f"{file.name} is not a pact: {error}", "remove it, or export the pacts again")


def written_items(document: Mapping[str, Json]) -> list[Json]:
    """The interactions of a pact's JSON, and its messages, which specification 3 keeps in a list of their own.

    Raises:
        LookupError: the document has neither list.
    """
    if "messages" in document:
        return [*document.get("interactions", []), *document["messages"]]
    items: list[Json] = document["interactions"]
    return items


def not_plain_http(item: Mapping[str, Json]) -> PassedOver | None:
    """What an item of a pact is, where it is no interaction over plain HTTP.

    The types are those of specification 4; a message of specification 3 has `contents` and no request.
    """
    if "Messages" in item.get("type", "") or ("type" not in item and "contents" in item):
        return "message"
    is_http = item.get("type", "Synchronous/HTTP") == "Synchronous/HTTP"
    return None if is_http and not item.get("pluginConfiguration") else "plugin interaction"


def _interactions(written: list[dict[str, Any]], *, wrapped: bool) -> Iterator[PactInteraction]:
    for index, each in enumerate(written):
        if not_plain_http(each):
            continue
        request, response = each.get("request", {}), each.get("response", {})
        yield PactInteraction(
            index,
            str(each["description"]),
            tuple(_states(each)),
            str(request.get("method", "GET")).upper(),
            str(request.get("path", "/")),
            _query(request.get("query")),
            _message(request, wrapped=wrapped),
            int(response.get("status", 200)),
            _message(response, wrapped=wrapped),
        )


def _states(each: dict[str, Any]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    if isinstance(each.get("providerState"), str):
        yield each["providerState"], {}
    for state in each.get("providerStates", []):
        yield str(state["name"]), state.get("params") or {}


def _query(query: Any) -> Mapping[str, list[str]]:
    pairs = parse_qsl(query, keep_blank_values=True) if isinstance(query, str) else []
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found or {name: _listed(values) for name, values in (query or {}).items()}


def _message(written: dict[str, Any], *, wrapped: bool) -> PactMessage:
    body = written.get("body")
    has_body = "body" in written and not (wrapped and body is None)
    if wrapped and isinstance(body, dict):
        body = _unwrapped(body)
    headers = {name.lower(): _listed(values) for name, values in (written.get("headers") or {}).items()}
    return PactMessage(headers, has_body, body, tuple(_matchers(written.get("matchingRules") or {})))


def _unwrapped(body: dict[str, Any]) -> Json:
    """The value of a body of specification 4; what is binary is read as UTF-8, as far as it is."""
    content, encoded = body.get("content"), str(body.get("encoded")).lower()
    if not isinstance(content, str):
        return content
    if encoded == "json":
        return parse_json(content.encode())
    return base64.b64decode(content).decode("utf-8", "replace") if encoded == "base64" else content


def _listed(values: Any) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _matchers(rules: dict[str, Any]) -> Iterator[Matcher]:
    for place, rule in rules.items():
        if place.startswith("$."):
            part, dot, rest = place.removeprefix("$.").partition(".")
            bracket = part.find("[")
            if bracket > 0:
                part, dot, rest = part[:bracket], "", part[bracket:] + dot + rest
            part = "header" if part == "headers" else part
            rest = rest.partition("[*]")[0] if part == "query" else rest
            yield Matcher(part, f"${dot}{rest}" if part == "body" else rest, _form(rule))
        elif place in _PARTS:
            named = {"": rule} if place in {"path", "status"} else rule
            for at, each in named.items():
                for form in each["matchers"]:
                    yield Matcher(place, at.lower() if place == "header" else at, _form(form))


def _form(written: Any) -> dict[str, Json]:
    if not isinstance(written, dict):
        raise TypeError(f"{written!r} is no matcher")
    return written
