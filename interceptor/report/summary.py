"""The lines that end a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interceptor.recorder.summary import MOST_DISTINCT, Summary, Tally
from interceptor.report.lines import counted, line
from interceptor.values.exchange import Outcome

_MOST_PLACES = 5
_MOST_EXPLANATIONS = 10


def summary_lines(summary: Summary, *, explained: bool = False) -> Iterator[str]:
    """The summary, most important last, where it remains in view.

    Args:
        summary: of a run.
        explained: what was unhandled or failed has been reported when it happened; the counts are enough.
    """
    for text, count in summary.refused.counts.items():
        yield f"a client did not trust the certificate for {text}{_times(count)}: it does not read the trust variables"
    if summary.unfinished:
        yield f"{counted(summary.unfinished, 'connection')} ended in the middle of a request"
    yield from _explained("went to the real server: ", summary.reported)
    yield from _explained("the real server gave no answer: ", summary.unanswered)
    for place in summary.unowned.counts:
        yield f"{place} answered for a URL of no provider: the exchange is in no pact"
    if not explained:
        yield from _explained("failed: ", summary.failures)
        yield from _explained("", summary.unhandled)
    if not summary.requests and not summary.failures:
        yield _nothing_seen(summary)
    yield _counts(summary)


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
    elsewhere = f" ({counted(summary.bypassed, 'request')} to other hosts passed)" if summary.bypassed else ""
    return (
        f"no request for a provider reached the proxy{elsewhere}; common reasons:\n"
        "  the client ignores the proxy variables: give the provider listen or env, and the client that address\n"
        "  the client calls localhost: add that URL to the provider\n"
        "  the client calls other URLs than the providers'"
    )


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(places[:_MOST_PLACES])
    return f"{shown} and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else shown


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
