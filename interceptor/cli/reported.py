"""What a report tells, gathered from the project: its pacts, its recordings, git, and what the other commands find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from interceptor.checking import CheckedPact, check, coverage
from interceptor.cli.context import say
from interceptor.cli.earlier import pact_in_git
from interceptor.conversion import origins
from interceptor.journal import Recording
from interceptor.journal.lines import encoded
from interceptor.lint import lint
from interceptor.pact.changes import changes
from interceptor.pact.document import Interaction
from interceptor.pact.read import Pact, read_pact
from interceptor.project.config import Project
from interceptor.recordings import RecordingReader, open_recording
from interceptor.report.changes import ChangedPact
from interceptor.report.page_data import MISSED, MOST_EXCHANGES, FoundBy, ReportContents, ReportedPact, summed
from interceptor.values.coverage import DocumentCoverage
from interceptor.values.errors import InterceptorError, PactError, UsageError
from interceptor.values.findings import Finding

T = TypeVar("T")

LATEST = "HEAD"


def gathered(
    project: Project,
    recordings: Sequence[Path],
    read_flows: RecordingReader,
    *,
    against: str = LATEST,
    checked: CheckedPact | None = None,
) -> ReportContents:
    """Everything that a report tells.

    What cannot be looked at (a pact that is none, a document that is missing) is said, and left out: a report is for
    those who look for what is wrong.

    Args:
        project: whose pacts these are.
        recordings: that they were made of.
        read_flows: reads flow files of mitmproxy.
        against: the revision in git with which the pacts are compared.
        checked: the comparison with the documents, where it has been made.
    """
    files = sorted(project.pact_dir.glob("*.json"))
    pacts = [pact for pact in (_tried(partial(read_pact, file)) for file in files) if pact is not None]
    made = _tried(partial(origins, project, recordings, read_flows=read_flows)) or {}
    checked = checked or _tried(partial(_checked, project, [pact.file for pact in pacts]))
    found: list[tuple[FoundBy, Finding]] = [("lint", each) for each in lint(project, [pact.file for pact in pacts])]
    coverages: list[DocumentCoverage] = []
    if checked is not None:
        found += [("check", each) for each in checked.findings]
        coverages = _tried(partial(coverage, checked, project)) or []
    lines, left_out, runs = _recorded(project, recordings, read_flows)
    return ReportContents(
        project.settings.consumer,
        datetime.now(UTC).isoformat(timespec="seconds"),
        [_reported(pact, made, against) for pact in pacts],
        found,
        coverages,
        lines,
        left_out,
        summed(runs),
        [] if checked is None else checked.without_document,
    )


def _tried(look: Callable[[], T]) -> T | None:
    """What a look gives; None where it fails, which is said."""
    try:
        return look()
    except InterceptorError as error:
        say(f"left out of the report: {error.message}")
        return None


def _checked(project: Project, files: Sequence[Path]) -> CheckedPact | None:
    return check(files, project) if any(each.openapi for each in project.providers.values()) else None


def _reported(pact: Pact, made: Mapping[tuple[str, str], Sequence[Interaction]], against: str) -> ReportedPact:
    known = made.get((pact.consumer, pact.provider), ())
    try:
        before = pact_in_git(pact, against)
    except PactError as error:
        say(f"left out of the report: {error.message}")
        return ReportedPact(pact, known)
    except UsageError:
        if against != LATEST:
            raise
        return ReportedPact(pact, known)  # there is no repository, or none with a commit
    return ReportedPact(pact, known, ChangedPact(pact, f"git:{against}", changes(before, pact)))


def _recorded(
    project: Project, recordings: Iterable[Path], read_flows: RecordingReader
) -> tuple[list[dict[str, Any]], int, list[Mapping[str, Any]]]:
    """The lines of all exchanges, how many of them are left out, and what each run counted."""
    first: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    runs: list[Mapping[str, Any]] = []
    total = 0
    for path in recordings:
        recording = open_recording(path, project, read_flows)
        if isinstance(recording, Recording):
            exchanges: Iterable[Any] = recording
            ended = recording.ended
        else:
            exchanges, ended = recording.distinct(set()), None
        counted: Counter[str] = Counter()
        hits: Counter[str] = Counter()
        for each in exchanges:
            total += 1
            counted.update({"requests": each.count, each.outcome.value: each.count})
            if each.metadata.handler is not None:
                hits[each.metadata.handler] += each.count
            kept = first if each.outcome.value in MISSED else others
            if len(kept) < MOST_EXCHANGES:
                kept.append({"at": each.at, "ms": each.ms, "count": each.count, **encoded(each)})
        runs.append({**counted, "handlers": hits} if ended is None else ended)
    lines = sorted([*first, *others][:MOST_EXCHANGES], key=lambda line: str(line["at"]))
    return lines, total - len(lines), runs
