"""What became of the requests: every exchange redacted into the journal, and counted for the summary.

Both doors of the proxy, the flows of mitmproxy and the fast lane, note what they did here and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from interceptor.config import Project
from interceptor.decisions import Decision, Failed, Mocked, Note, Passthrough, Unhandled
from interceptor.journal import JournalWriter, new_recording
from interceptor.messages import Exchange, Outcome, Request, Response
from interceptor.redact import Redactor

MOST_DISTINCT = 200
"""Distinct explanations, hosts and the like that a summary keeps; a client in a loop must not fill the memory."""


@dataclass
class Tally:
    """Distinct texts in the order of their first appearance, with how often each was seen; bounded."""

    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def add(self, text: str) -> None:
        self.total += 1
        if text in self.counts or len(self.counts) < MOST_DISTINCT:
            self.counts[text] = self.counts.get(text, 0) + 1

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
    refused: Tally = field(default_factory=Tally)
    """Hosts whose certificate, made by us, a client did not accept."""
    around: int = 0
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


class Recorder:
    """Notes exchanges; `summary` grows with them.

    Args:
        journal: receives the exchanges, redacted.
        redact: masks the secrets of an exchange.
        handlers: every handler's `file:line`.
    """

    def __init__(
        self, journal: JournalWriter, redact: Callable[[Exchange], Exchange], handlers: Iterable[str] = ()
    ) -> None:
        self._journal = journal
        self._redact = redact
        self.summary = Summary(tuple(handlers))

    def note(
        self, request: Request, decision: Decision, response: Response | None, *, at: str = "", ms: float = 0.0
    ) -> None:
        """Note one exchange.

        Args:
            request: as the consumer meant it.
            decision: the engine's.
            response: what the client was given; None where it got nothing.
            at: when the request was complete, ISO 8601 in UTC.
            ms: from there to the answer.
        """
        summary = self.summary
        match decision:
            case Mocked(note=note):
                outcome = Outcome.MOCKED
                if note.handler is not None:
                    summary.hits[note.handler] += 1
                    if note.provider is None:
                        summary.unowned.add(note.handler)
            case Unhandled():
                outcome = Outcome.UNHANDLED
                summary.unhandled.add(decision.explanation)
            case Failed():
                outcome = Outcome.FAILED
                summary.failures.add(decision.explanation)
                if decision.note.handler is not None:
                    summary.hits[decision.note.handler] += 1
            case Passthrough():
                outcome = Outcome.PASSED
                if decision.reported:
                    summary.reported.add(_shown(request))
                if not is_recorded(decision):
                    summary.around += 1
                    return
            case _:
                assert_never(decision)
        summary.outcomes[outcome] += 1
        exchange = _exchange(request, response, outcome, decision.note)
        self._journal.write(self._redact(replace(exchange, at=at, ms=ms)))

    def note_tunnel(self, host: str, port: int, *, reported: bool) -> None:
        """Note a TLS connection to a foreign host, which was not opened."""
        self.summary.around += 1
        if reported:
            self.summary.reported.add(f"CONNECT {host}:{port}")

    def note_refused(self, host: str) -> None:
        """Note that a client did not accept our certificate for a host."""
        self.summary.refused.add(host)

    def note_failure(self, explanation: str) -> None:
        """Note a request that could not be dealt with at all."""
        self.summary.failures.add(explanation)


@contextmanager
def recording(project: Project, handlers: Iterable[str]) -> Iterator[tuple[Recorder, Path]]:
    """A recorder on a new journal of the project, and where that is; nothing noted is lost at the end.

    Raises:
        RecordingError: where the journal cannot be written.
    """
    path = new_recording(project)
    with JournalWriter(path, consumer=project.settings.consumer) as journal:
        yield Recorder(journal, Redactor(project.settings.redact), handlers), path


def is_recorded(decision: Passthrough) -> bool:
    """Whether a real answer belongs into the journal: only the consumer's own traffic does."""
    return decision.why == "unhandled"


def _shown(request: Request) -> str:
    """Method and URL without the query, which may hold secrets."""
    return f"{request.method} {request.url.partition('?')[0]}"


def _exchange(request: Request, response: Response | None, outcome: Outcome, note: Note) -> Exchange:
    return Exchange(
        request=request,
        response=response,
        outcome=outcome,
        provider=note.provider,
        handler=note.handler,
        entry=note.entry,
        name=note.name,
        states=note.states,
        test=note.test,
        scope=note.scope,
        path=note.path,
        rules=note.rules,
        named=note.named,
        made=note.made,
        record=note.record,
    )
