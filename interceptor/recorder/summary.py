"""Counts what happens during a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from interceptor.values.exchange import Outcome
from interceptor.values.json_text import Json

MOST_DISTINCT = 200
"""Distinct explanations, hosts and so on that a summary keeps, so that a client in a loop cannot fill the memory."""


class Way(StrEnum):
    """How a client came to the proxy."""

    PROXY = "by the proxy variables"
    DOOR = "by a direct door"
    HTTP2 = "by HTTP/2"


@dataclass
class Tally:
    """Counts of distinct texts, in the order of their first appearance; bounded."""

    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def add(self, text: str) -> bool:
        """Count a text; True if it is new."""
        self.total += 1
        new = text not in self.counts
        if new and len(self.counts) == MOST_DISTINCT:
            return False
        self.counts[text] = self.counts.get(text, 0) + 1
        return new

    def __bool__(self) -> bool:
        return self.total > 0


@dataclass
class Summary:
    """What happened during a run; the last lines of its output and its exit code come from here."""

    handlers: tuple[str, ...] = ()
    """Every handler's `file:line`, in the order of the files."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    """Responses per handler."""
    unhandled: Tally = field(default_factory=Tally)
    """Explanations of unhandled requests."""
    failures: Tally = field(default_factory=Tally)
    """Explanations of responses that could not be made."""
    unowned: Tally = field(default_factory=Tally)
    """Handlers that responded although no provider owns their URL."""
    reported: Tally = field(default_factory=Tally)
    """Requests passed on to real servers that the project wants reported."""
    unanswered: Tally = field(default_factory=Tally)
    """Requests that real servers did not answer, and why."""
    refused: Tally = field(default_factory=Tally)
    """Hosts for which a client did not accept our certificate."""
    unfinished: int = 0
    """Connections that ended in the middle of a request."""
    silent: Tally = field(default_factory=Tally)
    """Owned hosts to which a client opened TLS and then sent nothing."""
    http2: Tally = field(default_factory=Tally)
    """Owned hosts, or our own address, to which a client spoke HTTP/2 from the start."""
    elsewhere: Tally = field(default_factory=Tally)
    """Foreign origins that requests and tunnels went to."""
    arrived: dict[Way, Tally] = field(default_factory=dict)
    """Connections with a request for an origin, by User-Agent."""
    bypassed: int = 0
    """Requests and tunnels that are not part of the contract: foreign hosts, loopback, excluded URLs."""

    unreadable: int = 0
    """Exchanges of mocks inside the consumer's processes that could not be recorded."""

    @property
    def requests(self) -> int:
        """Requests that a provider or a handler owns."""
        return self.outcomes.total()

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


def as_plain(summary: Summary) -> dict[str, Json]:
    """The summary as JSON."""
    return {
        "requests": summary.requests,
        **{outcome.value: summary.outcomes[outcome] for outcome in Outcome},
        "handlers": {place: summary.hits[place] for place in dict.fromkeys((*summary.handlers, *summary.hits))},
        "never_used": summary.never_used,
        "explanations": {"unhandled": summary.unhandled.counts, "failed": summary.failures.counts},
    }
