"""The offline story: recordings -> interactions -> pacts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from interceptor.contract.interactions import Collector, ContractPolicy, Taken, is_selected
from interceptor.contract.normalise import HeaderPolicy
from interceptor.contract.pinning.known_lines import KnownLines
from interceptor.engine.descriptions import Descriptions, load_descriptions
from interceptor.journal import Recording
from interceptor.pact.document import Interaction, PactDocument
from interceptor.pact.losses import StillAnswered
from interceptor.pact.write import WrittenPact, file_name, require_distinct_names, write_pact
from interceptor.project.config import Project
from interceptor.recordings import ImportedRecording, RecordingReader, open_recording, unreadable_flows
from interceptor.values.errors import DocumentError
from interceptor.values.exchange import Exchange
from interceptor.values.exclusion import Exclusion
from interceptor.values.findings import Finding
from interceptor.values.lean import nothing_is_garbage


@dataclass(slots=True)
class Conversion:
    """What an export did."""

    pacts: list[WrittenPact] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """About the recordings: what was torn or missing."""
    without_exchanges: list[str] = field(default_factory=list)
    """Providers that nothing was asked of; their files are left as they were."""


@nothing_is_garbage()
def convert(
    project: Project,
    recordings: Iterable[Path],
    *,
    consumer: str | None = None,
    specification: int | None = None,
    output: Path | None = None,
    merge: bool = False,
    still_answered: StillAnswered | None = None,
    read_flows: RecordingReader = unreadable_flows,
) -> Conversion:
    """Write the pacts of some recordings; their order makes no difference.

    Args:
        project: decides what belongs into the pacts.
        recordings: journals, HAR files, flow files of mitmproxy.
        consumer: the consumer's name in all pacts; by default the one that each recording names.
        specification: 2, 3 or 4; by default the project's.
        output: a directory; by default the project's.
        merge: keep what the files hold already.
        still_answered: where given, a file that would lose what is still answered is left as it is.
        read_flows: reads flow files of mitmproxy; everything else is read without it.

    Raises:
        RecordingError: where a recording cannot be read at all.
        PactError: where a pact cannot be written.
        ConfigurationError: with every problem of the contract file.
    """
    settings, conversion = project.settings.pact, Conversion()
    specification = specification or settings.specification
    policy, by_test = _policy(project, specification), settings.comments
    collectors = _collected(
        project, recordings, conversion, policy, consumer=consumer, read_flows=read_flows, by_test=by_test
    )
    require_distinct_names(sorted(collectors))
    for pair, collector in sorted(collectors.items()):
        interactions, findings = collector.interactions()
        document = PactDocument(*pair, interactions, comments=settings.comments)
        written, unsaid = write_pact(
            document,
            specification,
            output or project.pact_dir,
            merge=merge,
            keep_examples=settings.examples == "keep",
            still_answered=still_answered,
        )
        conversion.pacts.append(written)
        conversion.findings += (replace(finding, pact=file_name(*pair)) for finding in (*findings, *unsaid))
    asked = {provider for _, provider in collectors}
    conversion.without_exchanges = [provider for provider in project.providers if provider not in asked]
    return conversion


@nothing_is_garbage()
def origins(
    project: Project, recordings: Sequence[Path], *, read_flows: RecordingReader = unreadable_flows
) -> dict[tuple[str, str], tuple[Interaction, ...]]:
    """The interactions that recordings make, by consumer and provider, each with every test that made it.

    Nothing is written.

    Raises:
        RecordingError: where a recording cannot be read at all.
        ConfigurationError: with every problem of the contract file.
    """
    policy = _policy(project, project.settings.pact.specification)
    collectors = _collected(
        project, recordings, Conversion(), policy, consumer=None, read_flows=read_flows, by_test=True
    )
    return {pair: collector.interactions()[0] for pair, collector in collectors.items()}


def _collected(
    project: Project,
    recordings: Iterable[Path],
    conversion: Conversion,
    policy: ContractPolicy,
    *,
    consumer: str | None,
    read_flows: RecordingReader,
    by_test: bool,
) -> dict[tuple[str, str], Collector]:
    """The exchanges of recordings, gathered by consumer and provider."""
    descriptions = load_descriptions(project)
    collectors: dict[tuple[str, str], Collector] = {}
    seen: dict[str, set[bytes]] = {}
    for path in sorted(set(recordings)):
        recording = open_recording(path, project, read_flows)
        name = consumer or recording.consumer or project.settings.consumer
        before = seen.setdefault(name, set())
        for exchange, learn in _selected(recording, before, policy, descriptions, by_test=by_test):
            provider = str(exchange.metadata.provider)
            pair = (name, provider)
            if pair not in collectors:
                documented = _documented_headers(project, provider, conversion)
                collectors[pair] = Collector(replace(policy, documented=documented))
            learn(exchange, collectors[pair].add(exchange))
        _report_damages(conversion, recording, project)
    conversion.warnings += descriptions.faults
    return collectors


def _selected(
    recording: Recording | ImportedRecording,
    seen: set[bytes],
    policy: ContractPolicy,
    descriptions: Descriptions,
    *,
    by_test: bool,
) -> Iterator[tuple[Exchange, Callable[[Exchange, Taken], None]]]:
    """The exchanges that belong into a contract, described; each with what is to be told of how it was taken."""
    known = KnownLines()
    if isinstance(recording, ImportedRecording):
        policy, exchanges = replace(policy, passed=True), recording.distinct(seen)
    else:
        exchanges = recording.distinct(seen, by_test=by_test, take=known.take)
    for each in exchanges:
        exchange = descriptions.described(each)
        if is_selected(exchange, policy):
            # A line that is like one before may be described in another way.
            yield exchange, _learn_nothing if descriptions.concern(each) else known.learn


def _learn_nothing(_exchange: Exchange, _taken: Taken) -> None:
    pass


def _policy(project: Project, specification: int) -> ContractPolicy:
    settings = project.settings
    return ContractPolicy(
        passed=settings.record == "all",
        exclusion=Exclusion(settings.exclude),
        inclusion=Exclusion(settings.include or ["*"]),
        matching=settings.pact.matching,
        one_per_shape=settings.pact.examples == "one-per-shape",
        states_by_name=specification == 2,
        kept=HeaderPolicy().and_also(settings.pact.headers.request, settings.pact.headers.response),
    )


def _documented_headers(
    project: Project, provider: str, conversion: Conversion
) -> Callable[[Exchange], HeaderPolicy] | None:
    """What keeps the headers that a provider's document names, where the project says which document that is."""
    settings = project.providers.get(provider)
    if settings is None or settings.openapi is None:
        return None
    from interceptor.openapi.document import open_document  # noqa: PLC0415  # most projects have no document
    from interceptor.openapi.headers import DocumentedHeaders  # noqa: PLC0415  # as above

    try:
        headers = DocumentedHeaders(open_document(settings.openapi, project.root))
    except DocumentError as error:
        conversion.warnings.append(f"{error.message}; the headers that only it names are left out of the pact")
        return None

    def documented(exchange: Exchange) -> HeaderPolicy:
        request, path = exchange.request, exchange.metadata.path
        status = 0 if exchange.response is None else exchange.response.status
        return HeaderPolicy(*headers.named(request.method.upper(), request.path if path is None else path, status))

    return documented


def _report_damages(conversion: Conversion, recording: Recording | ImportedRecording, project: Project) -> None:
    for damage in recording.damages:
        at = "" if damage.line is None else f":{damage.line}"
        text = f"{project.display(damage.file)}{at}: {damage.message}"
        if damage.type == "warning":
            conversion.warnings.append(text)
        else:
            conversion.findings.append(Finding("recording.damaged", text))
