"""The verifier: it replays pacts against a provider and publishes the result."""

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
from interceptor.verification.verification_proxy import VerificationProxy, verification_proxy

_GRACE = 5.0
"""Seconds that the verifier waits longer than we do, so that we report the reason."""
_NOT_LOADED = "Failed to load pact"
_NOT_PUBLISHED = "Publishing of verification results failed with an error: "


@dataclass(frozen=True, slots=True)
class Files:
    """Pacts on disk."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class FromUrl:
    """One pact by its URL; with a broker, the broker's, as a webhook names it.

    Without a broker, `seconds` is how long the server may be silent.
    """

    url: str
    broker: Broker | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FromBroker:
    """The pacts that the selectors choose at a broker."""

    broker: Broker
    selectors: tuple[Json, ...]
    pending: bool = True
    wip_since: str | None = None


Source: TypeAlias = Files | FromUrl | FromBroker


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """A running provider, and how to call it.

    `values` replace what is masked in the pacts; `seconds` is how long a response may take.
    """

    name: str
    url: str
    states_url: str | None = None
    teardown: bool = False
    values: RealValues = field(default_factory=RealValues)
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Publishing:
    """The version to publish the result for; without `publish`, the broker only chooses pacts by it."""

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
        provider: what to call.
        publishing: whether and for which version to publish the result.
        consumer: verify only the pacts of this one.

    Raises:
        VerificationError: the provider is not there, or the verifier has no result.
        PactError: there is nothing to verify.
        BrokerError: the broker cannot be used.
    """
    broker = None if isinstance(source, Files) else source.broker
    arguments = [*_source(source), *_publishing(publishing), "--provider-name", provider.name]
    if consumer is not None:
        arguments += ["--filter-consumer", consumer]
    with (
        tempfile.TemporaryDirectory() as folder,
        verification_proxy(provider.url, provider.seconds, provider.values) as proxy,
        verification_proxy(provider.states_url, provider.seconds) if provider.states_url else nullcontext() as states,
    ):
        file = Path(folder) / "report.json"
        arguments += ["--json", str(file), "--loglevel", "error", "--no-colour"]
        arguments += _provider(provider, proxy, states)
        proxies = [proxy] if states is None else [proxy, states]
        seconds = source.seconds if isinstance(source, FromUrl) else None
        # A verifier that is not waiting for the provider waits for the server of the pacts.
        output = call(
            ["verifier", *arguments], broker, seconds=seconds, idle=lambda: min(each.idle() for each in proxies)
        )
        report = _report(file)
    if report is None:
        raise VerificationError(f"the verifier has no result: {output.reason}")
    for error in report.get("errors", []):
        if error["interaction"].startswith(_NOT_LOADED):
            raise _not_loaded(error["mismatch"].get("message") or "the verifier gives no reason", source)
    problems = Problems(proxy.problems, states.problems if states else {})
    found = checked(report, provider.name, problems, provider.values.hidden)
    if not found:
        raise PactError(f"no interaction of {provider.name} to verify", "check the provider's name")
    refusal = _refusal(output)
    if output.code and refusal is None and all(each.outcome != "failed" for each in found):
        raise VerificationError(f"the verifier failed without a failed interaction: {output.reason}")
    return Verification(
        provider.name,
        found,
        notices=tuple(dict.fromkeys(str(notice.get("text")) for notice in report.get("notices", []))),
        published=publishing.publish and refusal is None,
        unpublished_because=refusal,
    )


def _report(file: Path) -> Json:
    """The verifier's JSON report, or None where there is none."""
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


def _provider(provider: RunningProvider, proxy: VerificationProxy, states: VerificationProxy | None) -> Iterator[str]:
    yield from ("--hostname", "127.0.0.1", "--port", str(proxy.server_port))
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
        why, remedy = explained(message) or (plain, "check the URL")
        if source.broker is None and why.startswith("401"):
            remedy = "name the broker in PACT_BROKER_BASE_URL: its token is sent to no other server"
        return BrokerError(f"cannot load the pact at {source.url}: {why}", remedy)
    if message.startswith("No pacts found") and "Error with" not in message and explained(message) is None:
        return PactError(f"cannot verify anything: {first}", "check the provider's name and the selectors")
    return unusable(source.broker, message if explained(message) else first)


def _refusal(output: ClientOutput) -> str | None:
    _, found, rest = output.output.partition(_NOT_PUBLISHED)
    if not found:
        return None
    why = explained(rest)
    return rest.splitlines()[0] if why is None else "; ".join(why)
