"""What a run saw, counted while it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from interceptor.values.exchange import Outcome
from interceptor.values.json_text import Json

MOST_DISTINCT = 200
"""Distinct explanations, hosts and the like that a summary keeps; a client in a loop must not fill the memory."""


class Way(StrEnum):
    """How a client came to the proxy."""

    PROXY = "by the proxy variables"
    DOOR = "by a direct door"
    HTTP2 = "by HTTP/2"


@dataclass
class Tally:
    """Distinct texts in the order of their first appearance, with how often each was seen; bounded."""

    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def add(self, text: str) -> bool:
        """Count a text; True where it was not known yet."""
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
    """What a run saw, for the last lines of its output and for its exit code."""

    handlers: tuple[str, ...] = ()
    """Every handler's `file:line`, in the order of the files."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    """Answers per handler."""
    unhandled: Tally = field(default_factory=Tally)
    """Explanations of requests that nobody answered."""
    failures: Tally = field(default_factory=Tally)
    """Explanations of answers that could not be made."""
    unowned: Tally = field(default_factory=Tally)
    """Handlers that answered although no provider owns their URL."""
    reported: Tally = field(default_factory=Tally)
    """Requests that went to real servers and that the project wants to hear of."""
    unanswered: Tally = field(default_factory=Tally)
    """Requests to which real servers gave no answer, and why."""
    refused: Tally = field(default_factory=Tally)
    """Hosts whose certificate, made by us, a client did not accept."""
    unfinished: int = 0
    """Connections that ended in the middle of a request."""
    silent: Tally = field(default_factory=Tally)
    """Owned hosts to which a client opened TLS and then said nothing."""
    http2: Tally = field(default_factory=Tally)
    """Owned hosts, or our own address, that a client wanted to speak HTTP/2 with from the start."""
    elsewhere: Tally = field(default_factory=Tally)
    """Origins of others that requests and tunnels went to."""
    arrived: dict[Way, Tally] = field(default_factory=dict)
    """Connections with a request for an origin, by what their clients call themselves."""
    bypassed: int = 0
    """Requests and tunnels that are not the consumer's business: other hosts, loopback, excluded URLs."""

    lost: Tally = field(default_factory=Tally)
    """Requests that mocks inside the consumer's processes answered, and why their exchanges could not be noted."""

    @property
    def requests(self) -> int:
        """Those that a provider or a handler owns."""
        return self.outcomes.total()

    @property
    def clean(self) -> bool:
        """True where nothing was unhandled and no answer failed."""
        return not self.unhandled and not self.failures

    @property
    def never_used(self) -> list[str]:
        return [place for place in self.handlers if not self.hits[place]]

    def replace_handlers(self, places: Sequence[str]) -> None:
        """Take the handlers of files that were read anew; their answers are counted from the start."""
        self.handlers = tuple(places)
        self.hits.clear()


def as_plain(summary: Summary) -> dict[str, Json]:
    """The same for programs."""
    return {
        "requests": summary.requests,
        **{outcome.value: summary.outcomes[outcome] for outcome in Outcome},
        "handlers": {place: summary.hits[place] for place in dict.fromkeys((*summary.handlers, *summary.hits))},
        "never_used": summary.never_used,
        "explanations": {"unhandled": summary.unhandled.counts, "failed": summary.failures.counts},
    }
