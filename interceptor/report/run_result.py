"""The result of `interceptor run`: the last lines of its screen, JSON, JUnit XML, GitHub annotations, Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from interceptor.conversion import Conversion
from interceptor.project.config import Project
from interceptor.recorder.summary import Summary, as_plain
from interceptor.report.annotations import annotation
from interceptor.report.conversion import conversion_json, pact_lines
from interceptor.report.junit import JUnitCase, JUnitNote, JUnitSuite, junit_xml
from interceptor.report.lines import counted
from interceptor.report.summary import counts_line
from interceptor.report.toned import TonedLine, TonedText, plain
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left behind."""

    project: Project
    summary: Summary
    journal: Path
    exit_code: int
    """The command's."""
    conversion: Conversion | None = None
    """None where no pact was to be written, or none could be."""

    def advice(self) -> str | None:
        """What to do next; None where there is nothing to do, or all has been said."""
        if self.summary.unhandled:
            return "add the missing handlers, then run again (interceptor report shows them with a button that copies)"
        if self.summary.failures:
            return "mend the handlers named above, then run again"
        if self.exit_code:
            written = "no pact was written" if self.conversion is None else "the pacts were written all the same"
            return f"mend the command, which ended with {self.exit_code}; {written}"
        if self.conversion is None or any(pact.losses for pact in self.conversion.pacts):
            return None
        if any(pact.change.is_any for pact in self.conversion.pacts):
            return f"look at the change (interceptor diff), then commit {self.project.display(self.project.pact_dir)}"
        return None


def run_block(result: RunResult) -> Iterator[TonedLine]:
    """The last lines of a run: what was asked and missed, how the contract changes, what to do next."""
    yield counts_line(result.summary)
    if result.conversion is not None:
        yield from pact_lines(result.project, result.conversion)
    if (advice := result.advice()) is not None:
        yield [TonedText("next: ", "strong"), TonedText(advice)]


def run_json(result: RunResult, exit_code: int) -> Json:
    """Everything; `exit_code` is the one that `interceptor run` ends with."""
    contract = None if result.conversion is None else conversion_json(result.project, result.conversion)
    return {
        "exit_code": exit_code,
        "command": {"exit_code": result.exit_code},
        "journal": result.project.display(result.journal),
        **as_plain(result.summary),
        "contract": contract,
        "next": result.advice(),
    }


def run_junit(result: RunResult) -> bytes:
    """A case for each request without a handler and each failed response; one that passes where there are none."""
    cases = [
        JUnitCase(kind, text.partition("\n")[0], (JUnitNote("failure", text, text.partition("\n")[0], code),))
        for kind, code, tally in (
            ("unhandled requests", "unhandled", result.summary.unhandled),
            ("failed responses", "failed", result.summary.failures),
        )
        for text in tally.counts
    ]
    fine = JUnitCase("requests", f"{counted(result.summary.requests, 'request')} answered")
    return junit_xml("interceptor run", [JUnitSuite("interceptor run", tuple(cases) or (fine,))])


def run_annotations(result: RunResult) -> Iterator[str]:
    """What GitHub shows at the handlers: those that were nearest to a request, that failed, and that changed pacts."""
    for text in result.summary.unhandled.counts:
        near = next((line.split()[1] for line in text.splitlines()[1:] if line.startswith("  near ")), None)
        yield annotation("error", text, near, "unhandled request")
    for text in result.summary.failures.counts:
        yield annotation("error", text, text.partition(": ")[0], "failed response")
    findings = () if result.conversion is None else result.conversion.findings
    for finding in findings:
        yield annotation(finding.type, finding.message, finding.handler, finding.code)


def run_markdown(result: RunResult) -> str:
    """The summary of a CI job."""
    lines = ["## interceptor", "", plain(counts_line(result.summary)), ""]
    if result.conversion is not None and result.conversion.pacts:
        lines += ["| pact | interactions | added | changed | removed |", "|---|--:|--:|--:|--:|"]
        for pact in result.conversion.pacts:
            change = pact.change
            name = _cell(result.project.display(pact.path)) + (" (left as it was)" if pact.losses else "")
            numbers = (pact.interactions, change.added, change.changed, len(change.removed))
            lines.append(f"| {name} | {' | '.join(map(str, numbers))} |")
        lines.append("")
    for title, tally in (("No handler", result.summary.unhandled), ("Failed", result.summary.failures)):
        for text, count in tally.counts.items():
            first, _, rest = text.partition("\n")
            times = f" ({count} times)" if count > 1 else ""
            lines += [f"<details><summary>{title}: {_html(first)}{times}</summary>", "", "<pre>", _html(rest or first)]
            lines += ["</pre>", "", "</details>", ""]
    if (advice := result.advice()) is not None:
        lines += [_html(advice[0].upper() + advice[1:]), ""]
    return "\n".join(lines)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cell(text: str) -> str:
    return _html(text).replace("|", r"\|").replace("\n", " ")
