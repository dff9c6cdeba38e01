"""What was published to the broker, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from interceptor.broker import Broker, PactFile, Publication, Published
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class PublishedChange:
    """An interaction that differs from the published one, and the `file:line` of its handler."""

    kind: str
    description: str
    handler: str | None


@dataclass(frozen=True, slots=True)
class PublishedPact:
    """A pact, what the broker made of it (None in a dry run), and where it was refused, what has changed."""

    pact: PactFile
    result: Published | None
    changes: Sequence[PublishedChange] = ()

    @property
    def is_refused(self) -> bool:
        return self.result is not None and self.result.outcome == "refused"


def announcement(broker: Broker, publication: Publication, *, dry_run: bool) -> str:
    """`publishing to https://broker.example.com as version 1.0 on branch main`."""
    branch = f" on branch {publication.branch}" if publication.branch else ""
    act = "would publish" if dry_run else "publishing"
    return f"{act} to {broker.url} as version {publication.version}{branch}"


def published_line(each: PublishedPact) -> str:
    """`created    Site-API.json  https://broker.example.com/...`."""
    outcome = "checked" if each.result is None else each.result.outcome
    where = f"  {each.result.url}" if each.result and each.result.url else ""
    return f"{outcome:9}  {each.pact.file.name}{where}"


def refusal_details(each: PublishedPact) -> Iterator[str]:
    """Why the broker refused a pact, which interactions have changed, and what to do."""
    if each.result and each.result.reason:
        yield from each.result.reason.splitlines()
    for change in each.changes:
        handler = f" ({change.handler})" if change.handler else ""
        yield f"{change.kind}: {change.description}{handler}"
    if each.changes:
        yield "a published version cannot change: commit, then publish the new version"


def published_json(broker: Broker, publication: Publication, results: Sequence[PublishedPact]) -> Json:
    """The same for programs."""
    return {
        "broker": broker.url,
        "version": publication.version,
        "branch": publication.branch,
        "tags": list(publication.tags),
        "build_url": publication.build_url,
        "pacts": [
            {
                "file": each.pact.file.name,
                "consumer": each.pact.consumer,
                "provider": each.pact.provider,
                "outcome": each.result.outcome if each.result else None,
                "url": each.result.url if each.result else None,
                "reason": each.result.reason if each.result else None,
                "changes": [asdict(change) for change in each.changes],
            }
            for each in results
        ],
    }
