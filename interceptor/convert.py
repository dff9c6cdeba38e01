"""The offline story: recordings -> interactions -> pacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from interceptor.config import Project
from interceptor.findings import Finding
from interceptor.interactions import Collector, Policy, is_selected
from interceptor.journal import Recording, read_journal
from interceptor.normalise import KeptHeaders
from interceptor.pact.document import Document
from interceptor.pact.write import WrittenPact, file_name, rendered, require_distinct_names, write_pact


@dataclass(slots=True)
class Conversion:
    """What an export did."""

    pacts: list[WrittenPact] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """About the recordings: what was torn."""
    without_exchanges: list[str] = field(default_factory=list)
    """Providers that nothing was asked of; their files are left as they were."""


def convert(
    project: Project,
    recordings: Sequence[Path],
    *,
    consumer: str | None = None,
    specification: int | None = None,
    output: Path | None = None,
    merge: bool = False,
) -> Conversion:
    """Write the pacts of some recordings; their order makes no difference.

    Args:
        project: decides what belongs into the pacts.
        recordings: journals.
        consumer: the consumer's name in all pacts; by default the one that each recording names.
        specification: 2, 3 or 4; by default the project's.
        output: a directory; by default the project's.
        merge: keep what the files hold already.

    Raises:
        RecordingError: where a recording cannot be read at all.
        PactError: where a pact cannot be written.
    """
    settings, conversion = project.settings.pact, Conversion()
    collectors: dict[tuple[str, str], Collector] = {}
    seen: dict[str, set[bytes]] = {}
    specification = specification or settings.specification
    policy = _policy(project, specification)
    for recording in map(read_journal, sorted(set(recordings))):
        name = consumer or recording.header.consumer or project.settings.consumer
        for exchange in recording.distinct(seen.setdefault(name, set()), by_test=settings.comments):
            if exchange.provider is not None and is_selected(exchange, policy):
                collectors.setdefault((name, exchange.provider), Collector(policy)).add(exchange)
        _report_damages(conversion, recording, project)
    require_distinct_names(sorted(collectors))
    for pair, collector in sorted(collectors.items()):
        interactions, findings = collector.interactions()
        document = Document(*pair, interactions, comments=settings.comments)
        pact, unsaid = rendered(document, specification)
        conversion.pacts.append(write_pact(pact, output or project.pact_dir, merge=merge))
        conversion.findings += (replace(finding, pact=file_name(*pair)) for finding in (*findings, *unsaid))
    asked = {provider for _, provider in collectors}
    conversion.without_exchanges = [provider for provider in project.providers if provider not in asked]
    return conversion


def _policy(project: Project, specification: int) -> Policy:
    settings = project.settings
    return Policy(
        passed=settings.record == "all",
        exclude=tuple(settings.exclude),
        matching=settings.pact.matching,
        one_per_shape=settings.pact.examples == "one-per-shape",
        states_by_name=specification == 2,
        kept=KeptHeaders().and_also(settings.pact.headers.request, settings.pact.headers.response),
    )


def _report_damages(conversion: Conversion, recording: Recording, project: Project) -> None:
    for damage in recording.damages:
        text = f"{project.shown(damage.file)}:{damage.line}: {damage.message}"
        if damage.torn:
            conversion.warnings.append(text)
        else:
            conversion.findings.append(Finding("journal.line.damaged", "error", text))
