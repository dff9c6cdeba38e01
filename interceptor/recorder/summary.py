"""Counts what happens during a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from interceptor.values.exchange import Outcome
from interceptor.values.json_text import Json

MOST_DISTINCT = 200
"""Distinct explanations, hosts and so on that a summary keeps, so that a client in a loop cannot fill the memory."""


class Way(StrEnum):
    """How a client came to the proxy."""

    PROXY = "by the proxy variables"
    DOOR = "by a direct door"
    HTTP2 = "by HTTP/2"
    AROUND = "around the proxy"
    """Only the isolation of its command led it here."""


Known = TypeVar("Known", bound=Hashable)


@dataclass
class Tally(Generic[Known]):
    """Counts of distinct values, in the order of their first appearance; bounded."""

    counts: dict[Known, int] = field(default_factory=dict)
    total: int = 0

    def add(self, value: Known) -> bool:
        """Count a value; True if it is new."""
        self.total += 1
        new = value not in self.counts
        if new and len(self.counts) == MOST_DISTINCT:
            return False
        self.counts[value] = self.counts.get(value, 0) + 1
        return new

    def __bool__(self) -> bool:
        return self.total > 0


class Sighting(NamedTuple):
    """A client, as far as it showed itself."""

    host: str
    """Whom it wanted: `api.example.com`."""
    process: str = ""
    """Its command line, where that is looked up."""
    name: str = ""
    """What it calls itself."""


@dataclass
class Summary:
    """What happened during a run; the last lines of its output and its exit code come from here."""

    handlers: tuple[str, ...] = ()
    """Every handler's `file:line`, in the order of the files."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    """Responses per handler."""
    unhandled: Tally[str] = field(default_factory=Tally)
    """Explanations of unhandled requests."""
    failures: Tally[str] = field(default_factory=Tally)
    """Explanations of responses that could not be made."""
    unowned: Tally[str] = field(default_factory=Tally)
    """Handlers that responded although no provider owns their URL."""
    reported: Tally[str] = field(default_factory=Tally)
    """Requests passed on to real servers that the project wants reported."""
    unanswered: Tally[str] = field(default_factory=Tally)
    """Requests that real servers did not answer, and why."""
    uncalled: Tally[str] = field(default_factory=Tally)
    """Calls after responses that the consumer did not answer, and why."""
    refused: Tally[Sighting] = field(default_factory=Tally)
    """Clients that did not accept our certificate for a host."""
    unfinished: int = 0
    """Connections that ended in the middle of a request."""
    silent: Tally[Sighting] = field(default_factory=Tally)
    """Clients that opened TLS to an owned host and then sent nothing."""
    http2: Tally[Sighting] = field(default_factory=Tally)
    """Clients that spoke HTTP/2 from the start, to owned hosts or our own address."""
    elsewhere: Tally[str] = field(default_factory=Tally)
    """Foreign origins that requests and tunnels went to."""
    arrived: dict[Way, Tally[Sighting]] = field(default_factory=dict)
    """Connections with a request for an origin."""
    bypassed: int = 0
    """Requests and tunnels that are not part of the contract: foreign hosts, loopback, excluded URLs."""

    lost: Tally[str] = field(default_factory=Tally)
    """Requests that mocks inside the consumer's processes answered, and why their exchanges could not be noted."""

    @property
    def requests(self) -> int:
        """Requests that a provider or a handler owns."""
        return self.outcomes.total() - self.outcomes[Outcome.CALLED]

    @property
    def clean(self) -> bool:
        """True if nothing was unhandled and nothing failed."""
        return not self.unhandled and not self.failures

    @property
    def never_used(self) -> list[str]:
        return [place for place in self.handlers if not self.hits[place]]

    def replace_handlers(self, places: Sequence[str]) -> None:
        """Replace the handlers after a reload; their counts start at zero."""
        self.handlers = tuple(places)
        self.hits.clear()


def by_host(clients: Tally[Sighting]) -> dict[str, int]:
    """How often clients were seen, by the host that they wanted."""
    hosts: Counter[str] = Counter()
    for client, count in clients.counts.items():
        hosts[client.host] += count
    return dict(hosts)


def by_name(way: Way, clients: Tally[Sighting]) -> dict[str, int]:
    """How often clients were seen, by what they call themselves."""
    names: Counter[str] = Counter()
    for client, count in clients.counts.items():
        names[shown_name(way, client)] += count
    return dict(names)


def shown_name(way: Way, client: Sighting) -> str:
    """`curl/8.5.0`, or a name for a client that gives none."""
    unnamed = f"a client of {client.host}" if way is Way.HTTP2 else "a client without a User-Agent"
    return client.name or unnamed


def as_plain(summary: Summary) -> dict[str, Json]:
    """The summary as JSON."""
    return {
        "requests": summary.requests,
        **{outcome.value: summary.outcomes[outcome] for outcome in Outcome},
        "handlers": {place: summary.hits[place] for place in dict.fromkeys((*summary.handlers, *summary.hits))},
        "never_used": summary.never_used,
        "explanations": {"unhandled": summary.unhandled.counts, "failed": summary.failures.counts},
        "unowned": summary.unowned.counts,
        "reported": summary.reported.counts,
        "unanswered": summary.unanswered.counts,
        "uncalled": summary.uncalled.counts,
        "lost": summary.lost.counts,
        "clients": {
            "arrived": {way.value: by_name(way, clients) for way, clients in summary.arrived.items()},
            "refused": by_host(summary.refused),
            "silent": by_host(summary.silent),
            "http2": by_host(summary.http2),
            "elsewhere": summary.elsewhere.counts,
        },
    }
