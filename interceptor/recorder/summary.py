"""What a run saw: counted while it lasts, told in the lines that end it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from interceptor.values.exchange import Outcome
from interceptor.values.json_text import Json

MOST_DISTINCT = 200
"""Distinct explanations, hosts and the like that a summary keeps; a client in a loop must not fill the memory."""
_MOST_PLACES = 5
_MOST_EXPLANATIONS = 10


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
    bypassed: int = 0
    """Requests and tunnels that are not the consumer's business: other hosts, loopback, excluded URLs."""

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


def summary_lines(summary: Summary, *, explained: bool = False) -> Iterator[str]:
    """The summary, most important last: it is what remains in view.

    Args:
        summary: of a run.
        explained: what was unhandled or failed has been told when it happened; the counts are enough.
    """
    for text, count in summary.refused.counts.items():
        yield f"a client did not trust the certificate for {text}{_times(count)}: it reads none of the trust variables"
    if summary.unfinished:
        yield f"{_number(summary.unfinished, 'connection')} ended in the middle of a request"
    yield from _explained("went to the real server: ", summary.reported)
    yield from _explained("the real server gave no answer: ", summary.unanswered)
    for place in summary.unowned.counts:
        yield f"{place} answered for a URL that no provider owns: it reaches no pact"
    if not explained:
        yield from _explained("failed: ", summary.failures)
        yield from _explained("", summary.unhandled)
    if not summary.requests and not summary.failures:
        yield _nothing_seen(summary)
    yield _counts(summary)


def hit_lines(summary: Summary) -> Iterator[str]:
    """How often each handler answered, in the order of the files; then those added at run time."""
    for place in dict.fromkeys((*summary.handlers, *summary.hits)):
        yield f"{summary.hits[place]:6}  {place}"


def as_plain(summary: Summary) -> dict[str, Json]:
    """The same for programs."""
    return {
        "requests": summary.requests,
        **{outcome.value: summary.outcomes[outcome] for outcome in Outcome},
        "handlers": {place: summary.hits[place] for place in dict.fromkeys((*summary.handlers, *summary.hits))},
        "never_used": summary.never_used,
        "explanations": {"unhandled": summary.unhandled.counts, "failed": summary.failures.counts},
    }


def _counts(summary: Summary) -> str:
    outcomes = summary.outcomes
    parts = [_number(summary.requests, "request"), f"{outcomes[Outcome.MOCKED]} mocked"]
    if passed := outcomes[Outcome.PASSED]:
        parts.append(f"{passed} passed")
    if summary.failures:
        parts.append(f"{summary.failures.total} failed")
    parts.append(f"{outcomes[Outcome.UNHANDLED]} unhandled")
    if unused := summary.never_used:
        parts.append(f"{_number(len(unused), 'handler')} never used ({_places(unused)})")
    return " · ".join(parts)


def _explained(what: str, tally: Tally) -> Iterator[str]:
    """Each explanation once, its first line with how often it was true."""
    for text, count in list(tally.counts.items())[:_MOST_EXPLANATIONS]:
        first, newline, rest = text.partition("\n")
        yield f"{what}{first}{_times(count)}{newline}{rest}"
    if (further := len(tally.counts) - _MOST_EXPLANATIONS) > 0:
        least = "at least " if len(tally.counts) == MOST_DISTINCT else ""
        yield f"{what}and {least}{further} more"


def _nothing_seen(summary: Summary) -> str:
    elsewhere = f" ({_number(summary.bypassed, 'request')} to other hosts passed)" if summary.bypassed else ""
    return (
        f"no request for a provider reached the proxy{elsewhere}; the usual reasons:\n"
        "  the client does not read the proxy variables: give the provider listen or env, and the client that address\n"
        "  the client asks localhost: add that URL to the provider\n"
        "  the client asks other URLs than those of the providers"
    )


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(places[:_MOST_PLACES])
    return f"{shown} and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else shown


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
