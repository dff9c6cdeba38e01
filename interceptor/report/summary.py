"""The lines that end a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from interceptor.project.config import Provider
from interceptor.recorder.summary import MOST_DISTINCT, Summary, Tally, by_host
from interceptor.report.lines import counted, line
from interceptor.report.lookalikes import lookalike
from interceptor.report.toned import TonedLine, TonedText, plain
from interceptor.values.exchange import Outcome

_MOST_PLACES = 5
_MOST_EXPLANATIONS = 10


def summary_lines(
    summary: Summary, providers: Mapping[str, Provider] = MappingProxyType({}), *, explained: bool = False
) -> Iterator[str]:
    """The notes of a run, and its counts."""
    yield from summary_notes(summary, providers, explained=explained)
    yield plain(counts_line(summary))


def summary_notes(
    summary: Summary, providers: Mapping[str, Provider] = MappingProxyType({}), *, explained: bool = False
) -> Iterator[str]:
    """What a run has to tell beside its counts, most important last, where it remains in view.

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
    yield from _explained("the consumer did not answer the call ", summary.uncalled)
    yield from _explained("a mock answered, but the pact lacks it: ", summary.lost)
    for place in summary.unowned.counts:
        yield f"{place} answered for a URL of no provider: the exchange is in no pact"
    if not explained:
        yield from _explained("failed: ", summary.failures)
        yield from _explained("", summary.unhandled)
    if not summary.requests and not summary.failures:
        yield _nothing_seen(summary)


def _arrivals(summary: Summary, providers: Mapping[str, Provider]) -> Iterator[str]:
    """The clients that did not arrive as they should have: what is known of them, and what can be done."""
    for host, count in by_host(summary.refused).items():
        yield f"a client refused the certificate for {host}{_times(count)}; how to have it trusted: docs/clients.md"
    for host, count in by_host(summary.http2).items():
        yield f"a client began with HTTP/2 at {host}{_times(count)}; http2: true in the project file offers it"
    for host, count in by_host(summary.silent).items():
        yield (
            f"a client connected to {host} and asked nothing{_times(count)}: "
            "it may not trust the certificate, need HTTP/2 (http2: true), or have connected in advance"
        )
    if summary.elsewhere:
        yield f"other hosts were asked: {_hosts(summary.elsewhere)}"
    for origin in summary.elsewhere.counts:
        if (likeness := lookalike(origin, providers)) is not None:
            yield f"{origin} is no provider's, and went to the real server: {likeness}"


def _hosts(tally: Tally[str]) -> str:
    most = sorted(tally.counts.items(), key=lambda each: -each[1])
    shown = ", ".join(f"{origin} ({count})" for origin, count in most[:_MOST_PLACES])
    return f"{shown} and {len(most) - _MOST_PLACES} more" if len(most) > _MOST_PLACES else shown


def progress_line(summary: Summary, page: str, seconds: float) -> str:
    """`00:42  128 requests · 2 missed · http://127.0.0.1:41873/<token>/report`.

    Args:
        summary: as it is now.
        page: where the live page is; empty where nobody can open it.
        seconds: since the begin.
    """
    minutes, rest = divmod(int(seconds), 60)
    missed = summary.outcomes[Outcome.UNHANDLED] + summary.failures.total
    told = f"{minutes:02}:{rest:02}  {counted(summary.requests, 'request')} · {missed} missed"
    return f"{told} · {page}" if page else told


def closing_lines(summary: Summary, journal: str) -> Iterator[str]:
    """The end of a run in a log that other programs write to as well."""
    yield from map(line, summary_lines(summary))
    yield line(f"recorded in {journal}")


def hit_lines(summary: Summary) -> Iterator[str]:
    """How often each handler answered, in the order of the files; handlers added at run time come last."""
    for place in dict.fromkeys((*summary.handlers, *summary.hits)):
        yield f"{summary.hits[place]:6}  {place}"


def counts_line(summary: Summary) -> TonedLine:
    """`14 requests · 13 mocked · 1 unhandled · 1 handler never used (handlers/products.yaml:31)`."""
    outcomes = summary.outcomes
    unhandled, mocked = outcomes[Outcome.UNHANDLED], outcomes[Outcome.MOCKED]
    parts = [TonedText(counted(summary.requests, "request"), "strong"), TonedText(f"{mocked} mocked")]
    if passed := outcomes[Outcome.PASSED]:
        parts.append(TonedText(f"{passed} passed"))
    if summary.failures:
        parts.append(TonedText(f"{summary.failures.total} failed", "bad"))
    parts.append(TonedText(f"{unhandled} unhandled", "bad" if unhandled else "good"))
    if unused := summary.never_used:
        parts.append(TonedText(f"{counted(len(unused), 'handler')} never used ({_places(unused)})", "doubt"))
    return [each for part in parts for each in (TonedText(" · "), part)][1:]


def _explained(what: str, tally: Tally[str]) -> Iterator[str]:
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
