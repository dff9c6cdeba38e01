"""The verifier: it replays pacts against a provider and publishes the result."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import assert_never
from urllib.parse import urlsplit, urlunsplit

from interceptor.broker import call
from interceptor.broker.client import ClientOutput, explained, unusable
from interceptor.values.errors import BrokerError, InterceptorError, PactError, VerificationError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.verification.pacts import (
    ConsumerPacts,
    Files,
    FromBroker,
    FromUrl,
    Source,
    consumers_of,
    verifiable,
)
from interceptor.verification.real_values import RealValues
from interceptor.verification.results import Problems, Verification, checked
from interceptor.verification.verification_proxy import ProxyRoute, VerificationProxy, verification_proxy

_GRACE = 5.0
"""Seconds that the verifier waits longer than we do, so that we report the reason."""
_NOT_LOADED = "Failed to load pact"
_NOT_PUBLISHED = "Publishing of verification results failed with an error: "


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
    """Replay every interaction of the pacts against the provider, one consumer after the other.

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
    known = consumers_of(source, provider.name, publishing.branch)
    chosen = [each for each in known if consumer is None or each.consumer in {None, consumer}]
    results = [_Replay(source, provider, publishing, each).verify() for each in chosen]
    refusals = [each.unpublished_because for each in results if each.unpublished_because is not None]
    result = Verification(
        provider.name,
        tuple(one for each in results for one in each.checked),
        tuple(dict.fromkeys(notice for each in results for notice in each.notices)),
        published=publishing.publish and not refusals,
        unpublished_because=next(iter(refusals), None),
    )
    if not result.checked:
        raise PactError(f"no interaction of {provider.name} to verify", "check the provider's name")
    return result


@dataclass(frozen=True, slots=True)
class _Replay:
    """One run of the verifier, with the pacts of one consumer."""

    source: Source
    provider: RunningProvider
    publishing: Publishing
    pacts: ConsumerPacts

    def verify(self) -> Verification:
        begun = Event()
        provider = self.provider
        to_provider = ProxyRoute(provider.url, provider.seconds, begun, values=provider.values)
        with ExitStack() as stack:
            proxies = [stack.enter_context(verification_proxy(to_provider))]
            if provider.states_url:
                to_states = ProxyRoute(provider.states_url, provider.seconds, begun, consumer=self.pacts.consumer)
                proxies.append(stack.enter_context(verification_proxy(to_states)))
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            file = Path(folder) / "report.json"
            arguments = ["--json", str(file), "--loglevel", "error", "--no-colour", *_provider(provider, *proxies)]
            arguments += [*_publishing(self.publishing), *self._pacts(stack)]
            output = self._called(arguments, proxies)
            report = _report(file)
        problems = Problems(proxies[0].problems, proxies[1].problems if provider.states_url else {})
        return self._result(report, output, problems)

    def _pacts(self, stack: ExitStack) -> Iterator[str]:
        consumer = self.pacts.consumer
        if isinstance(self.source, Files):
            own = [pact for pact in self.source.pacts if pact.consumer == consumer]
            for path in stack.enter_context(verifiable(own)):
                yield from ("--file", str(path))
        else:
            yield from _at_server(self.source)
        if consumer is not None:
            yield from ("--filter-consumer", consumer)

    def _called(self, arguments: Sequence[str], proxies: Sequence[VerificationProxy]) -> ClientOutput:
        """A verifier that is not waiting for the provider waits for the server of the pacts."""
        broker = None if isinstance(self.source, Files) else self.source.broker
        seconds = self.source.seconds if isinstance(self.source, FromUrl) else None
        return call(
            ["verifier", *arguments], broker, seconds=seconds, idle=lambda: min(each.idle() for each in proxies)
        )

    def _result(self, report: Json, output: ClientOutput, problems: Problems) -> Verification:
        if report is None:
            raise VerificationError(f"the verifier has no result: {output.reason}")
        for error in report.get("errors", []):
            if error["interaction"].startswith(_NOT_LOADED):
                message = error["mismatch"].get("message") or "the verifier gives no reason"
                raise _not_loaded(message, self.source)
        found = checked(report, self.provider.name, self.pacts.versions, problems, self.provider.values.hidden)
        refusal = _refusal(output)
        if output.code and found and refusal is None and all(each.outcome != "failed" for each in found):
            raise VerificationError(f"the verifier failed without a failed interaction: {output.reason}")
        return Verification(
            self.provider.name,
            found,
            notices=tuple(str(notice.get("text")) for notice in report.get("notices", [])),
            published=self.publishing.publish and refusal is None,
            unpublished_because=refusal,
        )


def _report(file: Path) -> Json:
    """The verifier's JSON report, or None where there is none."""
    try:
        return parse_json(file.read_bytes())
    except (OSError, NotJsonError):
        return None


def _at_server(source: FromUrl | FromBroker) -> Iterator[str]:
    match source:
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


def _provider(
    provider: RunningProvider, proxy: VerificationProxy, states: VerificationProxy | None = None
) -> Iterator[str]:
    yield from ("--provider-name", provider.name)
    yield from ("--hostname", "127.0.0.1", "--port", str(proxy.server_port))
    if base_path := urlsplit(provider.url).path.rstrip("/"):
        yield from ("--base-path", base_path)
    if states is not None:
        target = urlsplit(provider.states_url or "")
        yield from ("--state-change-url", urlunsplit(target._replace(scheme="http", netloc=states.netloc)))
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
