"""What `interceptor doctor` says: each client that was seen, what it did, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from interceptor.project.config import Provider
from interceptor.recorder.summary import Summary, Way
from interceptor.report.lines import counted
from interceptor.report.lookalikes import lookalike
from interceptor.values.json_text import Json

_AROUND = "--isolated (Linux), or listen or env of the provider with that address in the client (docs/clients.md)"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was seen."""

    what: str
    """What did something, and what that was: `curl/8.5.0 came by the proxy variables (2 connections)`."""
    remedy: str | None = None
    """What to do about it; None where nothing is amiss."""
    process: str | None = None
    """Who did it, where the system says that: `curl -sS https://api.example.com (pid 4711)`."""


def diagnoses(summary: Summary, providers: Mapping[str, Provider]) -> list[Diagnosis]:
    """All that was seen, what is well first.

    Args:
        summary: of the command.
        providers: of the project; other hosts that look like theirs are named.
    """
    return [*_arrived(summary), *_hindered(summary), *_elsewhere(summary, providers), *_missing(summary)]


def doctor_lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    """For people: a remedy below what it mends."""
    for each in found:
        yield each.what if each.process is None else f"{each.process}: {each.what}"
        if each.remedy is not None:
            yield f"  mend it: {each.remedy}"


def doctor_json(found: Sequence[Diagnosis], exit_code: int) -> Json:
    """For programs."""
    return {"exit_code": exit_code, "seen": [asdict(each) for each in found]}


def _arrived(summary: Summary) -> Iterator[Diagnosis]:
    for way, clients in summary.arrived.items():
        for client, count in clients.counts.items():
            name = client.name or (
                f"a client of {client.host}" if way is Way.HTTP2 else "a client without a User-Agent"
            )
            what = f"{name} came {way.value} ({counted(count, 'connection')})"
            if way is Way.AROUND:
                what = f"{name} went around the proxy to {client.host} ({counted(count, 'connection')})"
            yield Diagnosis(what, f"it is reached by {_AROUND}" if way is Way.AROUND else None, client.process or None)


def _hindered(summary: Summary) -> Iterator[Diagnosis]:
    """Those that got to us, and no further."""
    trust = "have the client trust .interceptor/mitmproxy-ca-cert.pem (docs/clients.md)"
    http2 = "http2: true in the project file"
    for clients, did, remedy in (
        (summary.refused, "refused the certificate for {}", trust),
        (
            summary.silent,
            "opened TLS to {} and asked nothing",
            f"if it does not trust the certificate, {trust}; if it needs HTTP/2, {http2}",
        ),
        (summary.http2, "began with HTTP/2 at {}", f"{http2} offers it"),
    ):
        for client, count in clients.counts.items():
            what = f"a client {did.format(client.host)} ({_times(count)})"
            yield Diagnosis(what, remedy, client.process or None)


def _elsewhere(summary: Summary, providers: Mapping[str, Provider]) -> Iterator[Diagnosis]:
    for origin, count in summary.elsewhere.counts.items():
        likeness = lookalike(origin, providers)
        remedy = f"if it is a provider's, add it to that provider's url: {origin}"
        what = f"{origin} is no provider's, and was asked through the proxy ({_times(count)})"
        yield Diagnosis(what if likeness is None else f"{what}: {likeness}", remedy)


def _missing(summary: Summary) -> Iterator[Diagnosis]:
    if summary.requests or summary.failures:
        return
    yield Diagnosis("no request for a provider arrived", f"if a client goes around the proxy: {_AROUND}")


def _times(count: int) -> str:
    return counted(count, "time")
