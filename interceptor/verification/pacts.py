"""The pacts that are verified, wherever they are: whose they are, and of which version."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

from interceptor.broker import Broker, ask_broker, broker_index
from interceptor.pact.read import Pact, not_plain_http
from interceptor.values.errors import BrokerError
from interceptor.values.json_text import Json

_SECONDS = 60.0
_CONSUMER = re.compile(r"/consumer/(?P<name>[^/]+)/")
_VERSION = re.compile(r"Pact between .+? \((?P<version>[^()]*)\) and ")
"""In what the broker calls a pact, and in its address:
https://docs.pact.io/pact_broker/advanced_topics/api_docs/fetch_pacts_for_verification"""


@dataclass(frozen=True, slots=True)
class Files:
    """Pacts on disk."""

    pacts: tuple[Pact, ...]


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
    """The pacts that the selectors choose at a broker, for a provider's version on a branch."""

    broker: Broker
    selectors: tuple[Json, ...]
    pending: bool = True
    wip_since: str | None = None


Source: TypeAlias = Files | FromUrl | FromBroker


@dataclass(frozen=True, slots=True)
class ConsumerPacts:
    """One consumer's pacts, in the order in which they are verified, and the versions they are of, as far as known.

    `consumer` is None where only the verifier will know.
    """

    consumer: str | None
    versions: tuple[str, ...] = ()


def consumers_of(source: Source, provider: str, branch: str | None) -> list[ConsumerPacts]:
    """Whose pacts there are to verify. A broker that does not say so here will tell the verifier why."""
    match source:
        case Files(pacts):
            return [ConsumerPacts(name) for name in dict.fromkeys(pact.consumer for pact in pacts if pact.interactions)]
        case FromUrl(url, broker):
            return [_by_url(url, broker or Broker(url, {}, retries=0, seconds=source.seconds or _SECONDS))]
        case FromBroker():
            return _at_broker(source, provider, branch) or [ConsumerPacts(None)]


def for_verification(source: FromBroker, branch: str | None) -> Json:
    """The question which pacts are to be verified, as the verifier asks it too."""
    selected: dict[str, Json] = {
        "consumerVersionSelectors": list(source.selectors),
        "includePendingStatus": source.pending,
    }
    if branch is not None:
        selected["providerVersionBranch"] = branch
    if source.wip_since is not None:
        selected["includeWipPactsSince"] = source.wip_since
    return selected


@contextmanager
def verifiable(pacts: Sequence[Pact]) -> Iterator[list[Path]]:
    """The files of pacts, copied without what they hold beside plain HTTP, which the verifier would fail or stop at."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, pact in enumerate(pacts):
            if not pact.passed_over:
                files.append(pact.file.resolve())
            elif pact.interactions:
                files.append(Path(folder) / f"{number}.json")
                files[-1].write_text(json.dumps(_plain_http(pact.document)), "utf-8")
        yield files


def _plain_http(document: Json) -> Json:
    metadata = {name: value for name, value in document.get("metadata", {}).items() if name != "plugins"}
    kept = [item for item in document.get("interactions", []) if not not_plain_http(item)]
    named = {name: document[name] for name in ("consumer", "provider")}
    return {**named, "interactions": kept, "metadata": metadata}


def _at_broker(source: FromBroker, provider: str, branch: str | None) -> list[ConsumerPacts]:
    url = broker_index(source.broker).link("pb:provider-pacts-for-verification", provider=provider)
    if url is None:
        return []
    answer = ask_broker(source.broker, url, method="POST", body=for_verification(source, branch))
    found: dict[str, list[str]] = {}
    try:
        for pact in answer.document["_embedded"]["pacts"]:
            link = pact["_links"]["self"]
            consumer = _CONSUMER.search(link["href"])
            if consumer is None:
                return []
            found.setdefault(unquote(consumer["name"]), []).append(_version(link))
    except (LookupError, TypeError):
        return []
    return [ConsumerPacts(name, tuple(versions)) for name, versions in found.items()]


def _version(link: Json) -> str:
    """Of the consumer, or nothing where the broker does not say it."""
    found = _VERSION.match(str(link.get("name")))
    return found["version"] if found else ""


def _by_url(url: str, broker: Broker) -> ConsumerPacts:
    try:
        document = ask_broker(broker, url).document
        version = _version(document.get("_links", {}).get("self", {}))
        return ConsumerPacts(str(document["consumer"]["name"]), (version,))
    except (BrokerError, LookupError, TypeError, AttributeError):
        return ConsumerPacts(None)
