"""What was published to the broker, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from interceptor.broker import Broker, PactFile, Publication, Published
from interceptor.pact.changes import InteractionChange
from interceptor.report.changes import change_lines, interaction_changes_json
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class PublishedPact:
    """A pact, what the broker made of it (None in a dry run), and what has changed since the pact `against`.

    `handlers` are those of the latest run, by the descriptions of their interactions.
    """

    pact: PactFile
    result: Published | None
    changes: Sequence[InteractionChange] = ()
    against: str | None = None
    handlers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        return self.result is not None and self.result.outcome == "refused"


def announcement(broker: Broker | None, publication: Publication, *, dry_run: bool) -> str:
    """`publishing to https://broker.example.com as version 1.0 on branch main`."""
    branch = f" on branch {publication.branch}" if publication.branch else ""
    act = "would publish" if dry_run else "publishing"
    where = f" to {broker.url}" if broker else ""
    return f"{act}{where} as version {publication.version}{branch}"


def published_line(each: PublishedPact) -> str:
    """`created    Site-API.json  https://broker.example.com/...`."""
    outcome = "checked" if each.result is None else each.result.outcome
    where = f"  {each.result.url}" if each.result and each.result.url else ""
    return f"{outcome:9}  {each.pact.file.name}{where}"


def published_details(each: PublishedPact) -> Iterator[str]:
    """Why the broker refused a pact, which interactions have changed, and what to do."""
    if each.result and each.result.reason:
        yield from each.result.reason.splitlines()
    if each.against is not None:
        yield f"against {each.against}: {'' if each.changes else 'no change'}".rstrip(" :") + ":" * bool(each.changes)
    for change in each.changes:
        handler = each.handlers.get(change.interaction.description)
        first, *rest = change_lines([change])
        yield f"{first} ({handler})" if handler else first
        yield from rest
    if each.is_refused and each.changes:
        yield "a published version cannot change: commit, then publish the new version"


def published_json(broker: Broker | None, publication: Publication, results: Sequence[PublishedPact]) -> Json:
    """The same for programs."""
    return {
        "broker": broker.url if broker else None,
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
                "changes": [
                    {**change, "handler": each.handlers.get(change["description"])}
                    for change in interaction_changes_json(each.changes)
                ],
            }
            for each in results
        ],
    }
