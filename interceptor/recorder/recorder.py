"""Redacts each exchange, writes it to the journal, and counts it for the summary.

Both our own server and mitmproxy's flows record here, and nowhere else.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import assert_never

from interceptor.journal import JournalWriter, new_recording, timestamp
from interceptor.project.config import Project
from interceptor.recorder.declarations import Declarations
from interceptor.recorder.summary import Sighting, Summary, Tally, Way
from interceptor.redaction.redactor import Redactor
from interceptor.values.decisions import Failed, Mocked, Passthrough, Settled, Unhandled
from interceptor.values.exchange import Exchange, LargeBody, Metadata, Outcome
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.origins import Origin, is_loopback

log = logging.getLogger(__name__)

_MOST_SCOPES = 1000
"""Workers to remember; the one with the oldest test is forgotten first."""
_MOST_EXCHANGES = 2000
_MOST_BYTES = 16 << 20
"""Of the newest exchanges, which are kept to be asked for."""

_COUNTED = frozenset({None, "opened"})
"""Which exchanges are requests; the others are what is said on a WebSocket."""
_MISSED = frozenset({Outcome.UNHANDLED, Outcome.FAILED})
"""Such a message counts as a request does."""
_LONGEST_NAME = 100
"""Characters of a client's User-Agent."""
_MOST_REPEATS = 1000
"""Exchanges whose repeats are recognised without redacting and encoding them again."""
_OF_HEADERS = ("request.headers.", "response.headers.", "request.cookies.")
"""How the places of headers begin."""


@dataclass
class Seen:
    """What became of a scope's requests since its test began."""

    test: str | None = None
    unhandled: Tally[str] = field(default_factory=Tally)
    failures: Tally[str] = field(default_factory=Tally)
    since: int = 0
    """The number of the first exchange that can belong to the test."""


class Recorder:
    """Notes exchanges; `summary` grows with them.

    Args:
        journal: receives the exchanges, redacted.
        redactor: masks secrets, in exchanges and in messages about them.
        handlers: every handler's `file:line`.
    """

    def __init__(
        self, journal: JournalWriter, redactor: Redactor, handlers: Iterable[str] = (), *, real_headers: bool = False
    ) -> None:
        self._journal = journal
        self._redactor = redactor
        self._scopes: OrderedDict[str, Seen] = OrderedDict()
        self._newest: deque[tuple[int, int, Exchange]] = deque()
        self._real: dict[int, tuple[Headers, Headers]] = {}
        self.keeps_real_headers = real_headers
        """Whether the real headers of the newest exchanges stay in memory, by the numbers of those; never elsewhere."""
        self._repeats: dict[tuple[int, bool], _Known] = {}
        self._bytes = 0
        self._number = 0
        self.declarations = Declarations()
        self.summary = Summary(tuple(handlers))

    @property
    def largest_body(self) -> int:
        """Bytes; of a larger body only the size and digest are recorded."""
        return self._redactor.largest_body

    def note(
        self,
        request: Request,
        decision: Settled,
        response: Response | None,
        *,
        at: float = 0.0,
        ms: float = 0.0,
        large: Mapping[str, LargeBody] = MappingProxyType({}),
    ) -> None:
        """Record one exchange, unless it is not the consumer's: a preflight that we answered, or a foreign host.

        Args:
            request: as the consumer meant it.
            decision: the engine's.
            response: what the client got; None if it got nothing.
            at: when the request was complete, in POSIX seconds.
            ms: milliseconds from then to the response.
            large: by side, what to record of a body that was too large to keep.
        """
        outcome = self._outcome(request, decision)
        if outcome is None:
            return
        metadata = decision.metadata
        if metadata.websocket in _COUNTED or outcome in _MISSED:
            if metadata.handler is not None:
                for handler in (metadata.handler, *metadata.further_handlers):
                    self.summary.hits[handler] += 1
            self.summary.outcomes[outcome] += 1
        key = None
        if isinstance(decision, Mocked) and decision.cacheable:
            key = (id(decision), response is None)
            known = self._repeats.get(key)
            if known is not None and self._journal.repeat(known.digest):
                self._keep(known.exchange, request, response)
                return
        exchange = self._redactor(Exchange(request, response, outcome, timestamp(at), ms, metadata, large=large))
        digest = self._journal.write(exchange)
        self._keep(exchange, request, response)
        if key is not None:
            if len(self._repeats) >= _MOST_REPEATS:
                self._repeats.clear()
            self._repeats[key] = _Known(decision, exchange, digest)

    def note_call(
        self, request: Request, response: Response | None, metadata: Metadata, why: str, *, at: float, ms: float
    ) -> None:
        """Record a call that followed a response, and `why` it was not answered, if it was not."""
        known = Metadata(
            provider=metadata.provider, handler=metadata.handler, test=metadata.test, scope=metadata.scope, record=False
        )
        exchange = self._redactor(Exchange(request, response, Outcome.CALLED, timestamp(at), ms, known))
        self._journal.write(exchange)
        self._keep(exchange, request, response)
        self.summary.outcomes[Outcome.CALLED] += 1
        if response is None:
            self.summary.uncalled.add(f"{self._shown(request)}: {why}")

    def note_tunnel(self, host: str, port: int, *, reported: bool) -> None:
        """Count a TLS connection to a foreign host, which was not decrypted."""
        self._note_elsewhere(Origin("https", f"[{host}]" if ":" in host else host, str(port)))
        if reported:
            self.summary.reported.add(f"CONNECT {host}:{port}")

    def note_arrival(self, way: Way, name: str, host: str = "", process: str = "") -> None:
        """Count a connection that carries a request.

        Args:
            way: how it came here.
            name: the client's User-Agent; empty if it sends none.
            host: the host of its first request.
            process: the client's process, if it is looked up.
        """
        self.summary.arrived.setdefault(way, Tally()).add(self._sighting(host, process, name))

    def note_refused(self, host: str, process: str = "") -> None:
        """Count a client that did not accept our certificate for a host."""
        self.summary.refused.add(self._sighting(host, process))

    def note_silent(self, host: str, process: str = "") -> None:
        """Count a client that opened TLS to an owned host and left without a request."""
        self.summary.silent.add(self._sighting(host, process))

    def note_http2(self, host: str, process: str = "") -> None:
        """Count a client that began with HTTP/2, which was not offered."""
        self.summary.http2.add(self._sighting(host, process))

    def note_unanswered(self, request: Request, why: str) -> None:
        """Count a request that the real server did not answer."""
        self.summary.unanswered.add(f"{self._shown(request)}: {why}")

    def note_lost(self, request: Request, why: str) -> None:
        """Note that a mock in the consumer answered a request, of which no more is known."""
        self.summary.lost.add(f"{self._shown(request)}: {self._redactor.text(why)}")

    def note_unfinished(self) -> None:
        """Count a client that left in the middle of a request."""
        self.summary.unfinished += 1

    def masked(self, text: str, request: Request | None = None) -> str:
        """What is said, about a request perhaps, without its secrets."""
        return self._redactor.text(text, request)

    def note_failure(self, explanation: str) -> None:
        """Count a request that could not be processed at all."""
        self._complain(self._redactor.text(explanation), self.summary.failures)

    def begin_test(self, name: str | None, scope: str = "") -> None:
        """From now on, what a scope does belongs to a new test, in which no state is declared."""
        self.declarations.begin_test(name, scope)
        self._scopes.pop(scope, None)
        self._scopes[scope] = Seen(name, since=self._number)
        if len(self._scopes) > _MOST_SCOPES:
            self._scopes.popitem(last=False)

    def seen_by(self, scope: str = "") -> Seen:
        """What became of a scope's requests since its test began."""
        if scope not in self._scopes:
            self.begin_test(None, scope)
            self._scopes[scope].since = 0
        return self._scopes[scope]

    def exchanges_of(self, scope: str = "", *, real_headers: bool = False) -> list[Exchange]:
        """The redacted exchanges of a scope since its test began; if there are too many, the newest ones.

        Args:
            scope: the scope that asks.
            real_headers: leave the headers as they were sent, where they are kept.
        """
        seen = self.seen_by(scope)
        return [
            self._with_real_headers(number, exchange) if real_headers else exchange
            for number, _, exchange in self._newest
            if number >= seen.since and (exchange.metadata.scope or "") == scope and exchange.metadata.test == seen.test
        ]

    def exchanges_after(self, number: int, most: int) -> tuple[int, list[Exchange]]:
        """Exchanges of all scopes, redacted, in their order, and the number to ask with for those that follow.

        Args:
            number: as it was given with the exchanges before; 0 for the oldest that is kept.
            most: how many at once.
        """
        first = self._number - len(self._newest)
        found = [exchange for _, _, exchange in islice(self._newest, max(0, number - first), None)][:most]
        return max(number, first) + len(found), found

    def _sighting(self, host: str, process: str, name: str = "") -> Sighting:
        return Sighting(host, process and self._redactor.text(process), self._redactor.text(name[:_LONGEST_NAME]))

    def _note_elsewhere(self, origin: Origin) -> None:
        self.summary.bypassed += 1
        if not is_loopback(origin.host):
            self.summary.elsewhere.add(origin.url)

    def _outcome(self, request: Request, decision: Settled) -> Outcome | None:
        """The outcome of a request, reported if necessary; None if the request is not the consumer's."""
        metadata = decision.metadata
        match decision:
            case Mocked():
                if metadata.handler is None:
                    return None
                if metadata.provider is None:
                    self.summary.unowned.add(metadata.handler)
                return Outcome.MOCKED
            case Unhandled():
                explanation = decision.explanation
                if metadata.websocket is not None:  # it shows the message itself
                    explanation = self._redactor.text(explanation, request)
                self._complain(explanation, self.summary.unhandled)
                self._seen(metadata).unhandled.add(explanation)
                return Outcome.UNHANDLED
            case Failed():
                explanation = self._redactor.text(decision.explanation, request)
                self._complain(explanation, self.summary.failures)
                self._seen(metadata).failures.add(explanation)
                return Outcome.FAILED
            case Passthrough():
                if decision.reported:
                    self.summary.reported.add(self._shown(request))
                if is_recorded(decision):
                    return Outcome.PASSED
                self._note_elsewhere(Origin.parse(request.origin))
                return None
            case _:
                assert_never(decision)

    def _seen(self, metadata: Metadata) -> Seen:
        """What was seen in a request's test; nothing if it outlived its test, as the next one is not to blame."""
        seen = self.seen_by(metadata.scope or "")
        return seen if seen.test == metadata.test else Seen()

    def _with_real_headers(self, number: int, exchange: Exchange) -> Exchange:
        if number not in self._real:
            return exchange
        sent, answered = self._real[number]
        response = exchange.response and replace(exchange.response, headers=answered)
        masked = tuple(each for each in exchange.masked if not each.startswith(_OF_HEADERS))
        return replace(exchange, request=replace(exchange.request, headers=sent), response=response, masked=masked)

    def _keep(self, exchange: Exchange, request: Request, response: Response | None) -> None:
        size = exchange.request.weight + (0 if exchange.response is None else exchange.response.weight)
        self._newest.append((self._number, size, exchange))
        if self.keeps_real_headers:
            self._real[self._number] = (request.headers, () if response is None else response.headers)
        self._number += 1
        self._bytes += size
        while len(self._newest) > _MOST_EXCHANGES or self._bytes > _MOST_BYTES:
            number, gone, _ = self._newest.popleft()
            self._bytes -= gone
            self._real.pop(number, None)

    def _shown(self, request: Request) -> str:
        """Method and URL without the query."""
        return f"{request.method} {self._redactor.request(request).url.partition('?')[0]}"

    @staticmethod
    def _complain(explanation: str, tally: Tally[str]) -> None:
        if tally.add(explanation):
            log.warning("%s", explanation)


@dataclass(frozen=True, slots=True)
class _Known:
    """A written exchange; the decision is kept so that its `id` is not used again."""

    decision: Settled
    exchange: Exchange
    digest: bytes


@contextmanager
def recording(project: Project, handlers: Iterable[str]) -> Iterator[tuple[Recorder, JournalWriter]]:
    """A recorder and its new journal; everything recorded is on disk at the end.

    Raises:
        RecordingError: the journal cannot be created.
    """
    with JournalWriter(new_recording(project.recordings), consumer=project.settings.consumer) as journal:
        redactor = Redactor.of(project)
        yield Recorder(journal, redactor, handlers, real_headers=project.settings.real_headers), journal


def is_recorded(decision: Passthrough) -> bool:
    """Whether a real response belongs in the journal: only the consumer's own traffic does."""
    return decision.why in {"unhandled", "handler"}
