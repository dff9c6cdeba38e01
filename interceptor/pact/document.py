"""A pact, neutral of any specification."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson

from interceptor.pact.rules import Rule, RulePart
from interceptor.values.exchange import ProviderState
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json, parse_json
from interceptor.values.lean import lazy, lean
from interceptor.values.place import find, parse_path

NamedValues: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Names with all their values, sorted by name; the order of the values counts."""
ReportFinding: TypeAlias = Callable[[Finding], None]
"""Called with what a specification cannot express."""


@lean(frozen=True, slots=True)
class PactBody:
    """A body by what it is: a JSON value, text, or bytes; with the content type of its header."""

    kind: Literal["json", "text", "binary"]
    held: Json
    """The value; or the text of JSON in UTF-8, which takes far less memory."""
    content_type: str

    @property
    def value(self) -> Json:
        """The JSON value, the text or the bytes."""
        return parse_json(self.held) if self.kind == "json" and isinstance(self.held, bytes) else self.held


@dataclass(frozen=True, slots=True)
class Generator:
    """What the Pact tools put in the place of a value: `Generator("body", "$.day", "Date", "yyyy-MM-dd")`.

    `part` and `at` are those of a rule; `value` is a format in Java's notation, or an expression.
    """

    part: RulePart
    at: str
    kind: Literal["Date", "Time", "DateTime", "ProviderState"]
    value: str
    data_type: Literal["STRING", "INTEGER"] = "STRING"
    """What an expression gives."""


@lean(frozen=True, slots=True)
class Message:
    """What a request and a response have in common; the generators follow from the rest of the pact."""

    headers: NamedValues = ()
    body: PactBody | None = None
    rules: tuple[Rule, ...] = ()
    generators: tuple[Generator, ...] = ()
    exact: bool = False
    """Whether the handler wants no rules at all (`matching: {}`)."""


@lean(frozen=True)
class Interaction:
    """One request and the answer that is expected.

    Its origin is no part of its content: the `tests` and `handlers` it comes from, and the places of values that are
    `masked`, or `pinned` to constants.
    """

    method: str
    path: str
    request: Message
    status: int
    response: Message
    query: NamedValues = ()
    description: str = ""
    states: tuple[ProviderState, ...] = ()
    tests: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    left_out: NamedValues = ()
    """The headers of one of its requests that are not in the contract."""

    def made_by(self, tests: tuple[str, ...], handlers: tuple[str, ...]) -> Interaction:
        """The same interaction with another origin."""
        return Interaction(
            self.method,
            self.path,
            self.request,
            self.status,
            self.response,
            self.query,
            self.description,
            self.states,
            tests,
            handlers,
            self.masked,
            self.pinned,
            self.left_out,
        )

    def plain(self) -> dict[str, Any]:
        """Everything that makes the content of the interaction, as JSON; its origin is left out."""
        return {
            "description": self.description,
            "states": _plain_states(self.states),
            "request": [self.method, self.path, self.query, *_plain(self.request)],
            "response": [self.status, *_plain(self.response)],
        }

    @lazy
    def digest(self) -> bytes:
        """What two interactions share that have the same content."""
        return digest(self.plain())

    def canonical(self) -> bytes:
        """The content with the members of objects in their own order, to choose among interactions of one digest."""
        return dumps(self.plain(), option=None)

    def request_key(self) -> bytes:
        """What two interactions share that ask the same under the same states, and so cannot both be verified."""
        plain = self.plain()
        method, path, query, headers, body, *_ = plain["request"]  # and its rules, which are not sent
        return digest([plain["states"], method, path, query, headers, body])


@dataclass(frozen=True, slots=True)
class PactDocument:
    """Everything one consumer expects of one provider."""

    consumer: str
    provider: str
    interactions: tuple[Interaction, ...]
    comments: bool = False
    """Whether the tests that made an interaction are named in it, where the specification has a place for that."""


def example(message: Message, rule: Rule) -> Json:
    """The recorded value at the place of a rule in the body, or None."""
    if rule.part != "body" or message.body is None or message.body.kind != "json":
        return "" if message.body is None or rule.part != "body" else message.body.value
    return next((value for _, value in find(message.body.value, parse_path(rule.at))), None)


def digest(value: Any) -> bytes:
    """128 bits that stand for a JSON value."""
    return hashlib.blake2b(dumps(value), digest_size=16).digest()


def dumps(value: Any, *, option: int | None = orjson.OPT_SORT_KEYS) -> bytes:
    """A JSON value in one and only one form; bytes and what orjson cannot write as text."""
    try:
        return orjson.dumps(value, default=repr, option=option)
    except TypeError:
        return orjson.dumps(_small(value), default=repr, option=option)


def _small(value: Any) -> Any:
    """`value` with what orjson cannot write, integers beyond 64 bits and lone surrogates, as text."""
    match value:
        case int() if not -(1 << 63) <= value < 1 << 63:
            return f"integer {value}"
        case str():
            return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_small(key): _small(member) for key, member in value.items()}
        case list() | tuple():
            return [_small(element) for element in value]
    return value


def _plain_states(states: tuple[ProviderState, ...]) -> list[list[Any]]:
    return [[state.name, dict(state.params)] for state in states]


def _plain(message: Message) -> list[Any]:
    body = message.body
    rules = [[rule.part, rule.at, rule.kind, rule.value] for rule in message.rules]
    plain = [message.headers, None if body is None else [body.kind, body.value, body.content_type], rules]
    return [*plain, "exact"] if message.exact else plain


def joined(values: NamedValues) -> Mapping[str, str]:
    """Headers as text, the form of specifications 2 and 3."""
    return {name: ", ".join(each) for name, each in values}
