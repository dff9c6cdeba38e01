"""The verifier: which pacts, against which provider, and what becomes of the result."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, assert_never
from urllib.parse import urlsplit, urlunsplit

from interceptor.broker import Broker, call
from interceptor.broker.client import CHECK, Said
from interceptor.errors import BrokerError, PactError, VerificationError
from interceptor.messages import Json
from interceptor.verification.gate import Gate, gate
from interceptor.verification.results import Problems, Verification, checked

_LONGEST = 1800.0
"""Seconds; a broker that never answers would have the verifier wait for ever."""
_GRACE = 5.0
"""Seconds that the verifier waits longer than we do, so that it is we who say why."""
_NOT_LOADED = "Failed to load pact"
_NOT_PUBLISHED = "Publishing of verification results failed with an error: "


@dataclass(frozen=True, slots=True)
class Files:
    """Pacts on disk."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class FromUrl:
    """One pact by its address; with a broker it is one of the broker's, as a webhook hands over."""

    url: str
    broker: Broker | None = None


@dataclass(frozen=True, slots=True)
class FromBroker:
    """The pacts that a broker has for the provider, as its selectors choose them."""

    broker: Broker
    selectors: tuple[Json, ...]
    pending: bool = True
    wip_since: str | None = None


Source: TypeAlias = Files | FromUrl | FromBroker


@dataclass(frozen=True, slots=True)
class Provider:
    """A running provider, and how to ask it.

    `values` are headers by name with the real values of what the pacts have masked; `seconds` is how long an answer
    may take.
    """

    name: str
    url: str
    states_url: str | None = None
    teardown: bool = False
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Publishing:
    """Under what the result is published; with `publish` off, only what the broker chooses the pacts by."""

    version: str | None = None
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None
    publish: bool = False


def verify(source: Source, provider: Provider, publishing: Publishing, *, consumer: str | None = None) -> Verification:
    """Replay every interaction of the pacts against the provider.

    Args:
        source: where the pacts are.
        provider: whom to ask.
        publishing: whether the broker is told, and under what.
        consumer: only pacts of this one.

    Raises:
        VerificationError: the provider is not there, or the verifier came to no result.
        PactError: there is nothing to verify.
        BrokerError: the broker cannot be used.
    """
    broker = None if isinstance(source, Files) else source.broker
    words = [*_source(source), *_publishing(publishing), "--provider-name", provider.name]
    if consumer is not None:
        words += ["--filter-consumer", consumer]
    with (
        tempfile.TemporaryDirectory() as folder,
        gate(provider.url, provider.seconds, provider.values) as door,
        gate(provider.states_url, provider.seconds) if provider.states_url else nullcontext() as states,
    ):
        file = Path(folder) / "report.json"
        words += ["--json", str(file), "--loglevel", "error", "--no-colour"]
        said = call(["verifier", *words, *_provider(provider, door, states)], broker, seconds=_LONGEST)
        report: Json = json.loads(file.read_bytes()) if file.exists() else None
    if report is None:
        raise VerificationError(f"the verifier came to no result: {said.reason}")
    for error in report.get("errors", []):
        if error["interaction"].startswith(_NOT_LOADED):
            raise _not_loaded(str(error["mismatch"].get("message", "")), source)
    found = checked(report, provider.name, Problems(door.problems, states.problems if states else {}))
    if not found:
        raise PactError(f"there is no interaction to verify for {provider.name}", "check the provider's name")
    refusal = _refusal(said)
    if said.code and refusal is None and all(each.outcome != "failed" for each in found):
        raise VerificationError(f"the verifier found nothing wrong, and yet it failed: {said.reason}")
    return Verification(
        provider.name,
        found,
        notices=tuple(dict.fromkeys(str(notice.get("text")) for notice in report.get("notices", []))),
        published=publishing.publish and refusal is None,
        unpublished_because=refusal,
    )


def _source(source: Source) -> Iterator[str]:
    match source:
        case Files(paths):
            for path in paths:
                yield from ("--file", str(path.resolve()))
        case FromUrl(url, broker):
            yield from ("--webhook-callback-url" if broker else "--url", url)
        case FromBroker():
            for selector in source.selectors:
                yield from ("--consumer-version-selectors", json.dumps(selector))
            if source.pending:
                yield "--enable-pending"
            if source.wip_since:
                yield from ("--include-wip-pacts-since", source.wip_since)
            yield from ("--retries", "2")
        case _:
            assert_never(source)


def _publishing(publishing: Publishing) -> Iterator[str]:
    if publishing.branch:
        yield from ("--provider-branch", publishing.branch)
    if publishing.tags:
        yield from ("--provider-tags", ",".join(publishing.tags))
    if publishing.publish and publishing.version:
        yield from ("--publish", "--provider-version", publishing.version)
        if publishing.build_url:
            yield from ("--build-url", publishing.build_url)


def _provider(provider: Provider, door: Gate, states: Gate | None) -> Iterator[str]:
    yield from ("--hostname", "127.0.0.1", "--port", str(door.server_port))
    if base_path := urlsplit(provider.url).path.rstrip("/"):
        yield from ("--base-path", base_path)
    if states is not None:
        asked = urlsplit(provider.states_url or "")
        yield from ("--state-change-url", urlunsplit(asked._replace(scheme="http", netloc=states.netloc)))
        if provider.teardown:
            yield "--state-change-teardown"
    yield from ("--request-timeout", str(int((provider.seconds + _GRACE) * 1000)))


def _not_loaded(message: str, source: Source) -> Exception:
    first = message.splitlines()[0] if message else "the verifier says no more"
    match source:
        case Files():
            return PactError(f"cannot load the pacts: {first}", "export them again")
        case FromBroker() if message.startswith("No pacts found") and "Error with" not in message:
            return PactError(f"cannot verify anything: {first}", "check the provider's name and the selectors")
        case FromUrl(broker=None):
            return PactError(f"cannot load the pact: {first}", "check the address")
    return BrokerError(f"cannot load the pacts: {first}", CHECK)


def _refusal(said: Said) -> str | None:
    _, found, rest = said.output.partition(_NOT_PUBLISHED)
    return rest.splitlines()[0] if found else None
