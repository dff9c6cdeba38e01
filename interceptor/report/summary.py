"""The lines that end a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from interceptor.project.config import Provider
from interceptor.recorder.summary import MOST_DISTINCT, Summary, Tally
from interceptor.report.lines import counted, line
from interceptor.report.lookalikes import lookalike
from interceptor.values.exchange import Outcome

_MOST_PLACES = 5
_MOST_EXPLANATIONS = 10


def summary_lines(
    summary: Summary, providers: Mapping[str, Provider] = MappingProxyType({}), *, explained: bool = False
) -> Iterator[str]:
    """The summary, most important last, where it remains in view.

    Args:
        summary: of a run.
        providers: of the project; other hosts that look like theirs are named.
        explained: what was unhandled or failed has been reported when it happened; the counts are enough.
    """
    yield from _arrivals(summary, providers)
    if summary.unfinished:
        yield f"{counted(summary.unfinished, 'connection')} ended in the middle of a request"
    yield from _explained("went to the real server: ", summary.reported)
    yield from _explained("the real server gave no answer: ", summary.unanswered)
    yield from _explained("a mock answered, but the pact lacks it: ", summary.lost)
    for place in summary.unowned.counts:
        yield f"{place} answered for a URL of no provider: the exchange is in no pact"
    if not explained:
        yield from _explained("failed: ", summary.failures)
        yield from _explained("", summary.unhandled)
    if not summary.requests and not summary.failures:
        yield _nothing_seen(summary)
    yield _counts(summary)


def _arrivals(summary: Summary, providers: Mapping[str, Provider]) -> Iterator[str]:
    """The clients that did not arrive as they should have: what is known of them, and what can be done."""
    for host, count in summary.refused.counts.items():
        yield f"a client refused the certificate for {host}{_times(count)}; how to have it trusted: docs/clients.md"
    for host, count in summary.http2.counts.items():
        yield f"a client began with HTTP/2 at {host}{_times(count)}; over TLS, http2: true offers it"
    for host, count in summary.silent.counts.items():
        yield (
            f"a client connected to {host} and asked nothing{_times(count)}: "
            "it may not trust the certificate, need HTTP/2 (http2: true), or have connected in advance"
        )
    if summary.elsewhere:
        yield f"other hosts were asked: {_hosts(summary.elsewhere)}"
    for origin in summary.elsewhere.counts:
        if (likeness := lookalike(origin, providers)) is not None:
            yield f"{origin} is no provider's, and went to the real server: {likeness}"


def _hosts(tally: Tally) -> str:
    most = sorted(tally.counts.items(), key=lambda each: -each[1])
    shown = ", ".join(f"{origin} ({count})" for origin, count in most[:_MOST_PLACES])
    return f"{shown} and {len(most) - _MOST_PLACES} more" if len(most) > _MOST_PLACES else shown


def closing_lines(summary: Summary, journal: str) -> Iterator[str]:
    """The end of a run in a log that other programs write to as well."""
    yield from map(line, summary_lines(summary))
    yield line(f"recorded in {journal}")


def hit_lines(summary: Summary) -> Iterator[str]:
    """How often each handler answered, in the order of the files; handlers added at run time come last."""
    for place in dict.fromkeys((*summary.handlers, *summary.hits)):
        yield f"{summary.hits[place]:6}  {place}"


def _counts(summary: Summary) -> str:
    outcomes = summary.outcomes
    parts = [counted(summary.requests, "request"), f"{outcomes[Outcome.MOCKED]} mocked"]
    if passed := outcomes[Outcome.PASSED]:
        parts.append(f"{passed} passed")
    if summary.failures:
        parts.append(f"{summary.failures.total} failed")
    parts.append(f"{outcomes[Outcome.UNHANDLED]} unhandled")
    if unused := summary.never_used:
        parts.append(f"{counted(len(unused), 'handler')} never used ({_places(unused)})")
    return " · ".join(parts)


def _explained(what: str, tally: Tally) -> Iterator[str]:
    """Each explanation once, with its count on the first line."""
    for text, count in list(tally.counts.items())[:_MOST_EXPLANATIONS]:
        first, newline, rest = text.partition("\n")
        yield f"{what}{first}{_times(count)}{newline}{rest}"
    if (further := len(tally.counts) - _MOST_EXPLANATIONS) > 0:
        least = "at least " if len(tally.counts) == MOST_DISTINCT else ""
        yield f"{what}and {least}{further} more"


def _nothing_seen(summary: Summary) -> str:
    if summary.refused or summary.silent or summary.http2:
        reasons = (
            "the clients named above did not get as far as a request, or others go around the proxy (docs/clients.md)"
        )
    elif summary.elsewhere:
        reasons = "the command asks other URLs than the providers', as named above, or its clients go around the proxy"
    else:
        reasons = "the command asks nothing, or its clients go around the proxy (docs/clients.md)"
    return f"no request for a provider arrived: {reasons}; if that is fine: --allow-empty"


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(places[:_MOST_PLACES])
    return f"{shown} and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else shown


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
