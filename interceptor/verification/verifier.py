"""The verifier: which pacts, against which provider, and what becomes of the result."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, assert_never
from urllib.parse import urlsplit, urlunsplit

from interceptor.broker import Broker, call
from interceptor.broker.client import ClientOutput, explained, unusable
from interceptor.values.errors import BrokerError, InterceptorError, PactError, VerificationError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.verification.real_values import RealValues
from interceptor.verification.results import Problems, Verification, checked
from interceptor.verification.verification_proxy import VerificationProxy, gate

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
    """One pact by its address; with a broker it is one of the broker's, as a webhook hands over.

    Without one, `seconds` is how long the server may be silent.
    """

    url: str
    broker: Broker | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FromBroker:
    """The pacts that a broker has for the provider, as its selectors choose them."""

    broker: Broker
    selectors: tuple[Json, ...]
    pending: bool = True
    wip_since: str | None = None


Source: TypeAlias = Files | FromUrl | FromBroker


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """A running provider, and how to ask it.

    `values` are the real values of what the pacts have masked; `seconds` is how long an answer may take.
    """

    name: str
    url: str
    states_url: str | None = None
    teardown: bool = False
    values: RealValues = field(default_factory=RealValues)
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Publishing:
    """Under what the result is published; with `publish` off, only what the broker chooses the pacts by."""

    version: str | None = None
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None
    publish: bool = False


def verify(
    source: Source, provider: RunningProvider, publishing: Publishing, *, consumer: str | None = None
) -> Verification:
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
        words += _provider(provider, door, states)
        doors = [door] if states is None else [door, states]
        seconds = source.seconds if isinstance(source, FromUrl) else None
        # A verifier that asks nobody of ours waits for the broker, or for whoever else has the pacts.
        said = call(["verifier", *words], broker, seconds=seconds, idle=lambda: min(each.idle() for each in doors))
        report = _report(file)
    if report is None:
        raise VerificationError(f"the verifier came to no result: {said.reason}")
    for error in report.get("errors", []):
        if error["interaction"].startswith(_NOT_LOADED):
            raise _not_loaded(error["mismatch"].get("message") or "the verifier says no more", source)
    problems = Problems(door.problems, states.problems if states else {})
    found = checked(report, provider.name, problems, provider.values.hidden)
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


def _report(file: Path) -> Json:
    """What the verifier found, or None where it came to no result."""
    try:
        return parse_json(file.read_bytes())
    except (OSError, NotJsonError):
        return None


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


def _provider(provider: RunningProvider, door: VerificationProxy, states: VerificationProxy | None) -> Iterator[str]:
    yield from ("--hostname", "127.0.0.1", "--port", str(door.server_port))
    if base_path := urlsplit(provider.url).path.rstrip("/"):
        yield from ("--base-path", base_path)
    if states is not None:
        asked = urlsplit(provider.states_url or "")
        yield from ("--state-change-url", urlunsplit(asked._replace(scheme="http", netloc=states.netloc)))
        if provider.teardown:
            yield "--state-change-teardown"
    yield from ("--request-timeout", str(int((provider.seconds + _GRACE) * 1000)))


def _not_loaded(message: str, source: Source) -> InterceptorError:
    first = message.splitlines()[0]
    if isinstance(source, Files):
        return PactError(f"cannot load the pacts: {first}", "export them again")
    if isinstance(source, FromUrl):
        plain = "it is not JSON" if "Failed to parse JSON" in message else first
        why, remedy = explained(message) or (plain, "check the address")
        if source.broker is None and why.startswith("401"):
            remedy = "name the broker in PACT_BROKER_BASE_URL: its token is sent to nobody else"
        return BrokerError(f"cannot load the pact at {source.url}: {why}", remedy)
    if message.startswith("No pacts found") and "Error with" not in message and explained(message) is None:
        return PactError(f"cannot verify anything: {first}", "check the provider's name and the selectors")
    return unusable(source.broker, message if explained(message) else first)


def _refusal(said: ClientOutput) -> str | None:
    _, found, rest = said.output.partition(_NOT_PUBLISHED)
    if not found:
        return None
    why = explained(rest)
    return rest.splitlines()[0] if why is None else "; ".join(why)
