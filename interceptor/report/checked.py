"""The result of `interceptor check` as text, GitHub annotations and JUnit XML."""

from __future__ import annotations

import os
from collections.abc import Iterator

from interceptor.checking import CheckedPact
from interceptor.report.annotations import annotation
from interceptor.report.findings import severity_counts
from interceptor.report.junit import JUnitCase, JUnitNote, JUnitSuite, junit_xml
from interceptor.report.lines import counted
from interceptor.values.findings import Finding


def finding_paragraph(finding: Finding, checked: CheckedPact) -> str:
    """A finding with the places that it concerns, a line each, and an empty line."""
    lines = [f"{finding.type:7}  {finding.message}  [{finding.code}]"]
    if finding.pact:
        where = [finding.pact, _interaction(finding, checked), finding.place]
        lines.append(f"  pact      {', '.join(each for each in where if each)}")
    if finding.document_place:
        lines.append(f"  document  {finding.document_place}")
    if finding.handler:
        lines.append(f"  handler   {finding.handler}")
    return "\n".join([*lines, ""])


def check_total(checked: CheckedPact) -> str:
    """`2 interactions compared · 1 error · 0 warnings`."""
    compared = sum(len(pact.interactions) for pact in checked.pacts.values())
    return f"{counted(compared, 'interaction')} compared · {severity_counts(checked.findings)}"


def github_annotation(finding: Finding, checked: CheckedPact) -> str:
    """A line that GitHub shows at the handler, or at the pact where no handler is known."""
    place = finding.handler
    if place is None and finding.pact:
        place = os.path.relpath(checked.pacts[finding.pact].file)
    elif place is None:
        place = (finding.document_place or "").partition("#")[0]
    places = [each for each in (_interaction(finding, checked), finding.place, finding.document_place) if each]
    return annotation(finding.type, " - ".join([finding.message, *places]), place, finding.code)


def check_junit(checked: CheckedPact) -> bytes:
    """A suite for each pact and a case for each interaction; then what is wrong with the documents."""
    return junit_xml("interceptor check", [*_pact_suites(checked), *_document_suite(checked)])


def _pact_suites(checked: CheckedPact) -> Iterator[JUnitSuite]:
    for name, pact in checked.pacts.items():
        cases = tuple(
            JUnitCase(
                name,
                each.description,
                tuple(
                    _note(finding)
                    for finding in checked.findings
                    if (finding.pact, finding.interaction) == (name, each.index)
                ),
            )
            for each in pact.interactions
        )
        yield JUnitSuite(f"{pact.consumer} - {pact.provider}", cases)


def _document_suite(checked: CheckedPact) -> Iterator[JUnitSuite]:
    notes = tuple(_note(finding) for finding in checked.findings if finding.pact is None)
    if notes:
        yield JUnitSuite("documents", (JUnitCase("documents", "references and schemas", notes),))


def _note(finding: Finding) -> JUnitNote:
    places = [each for each in (finding.place, finding.document_place, finding.handler) if each]
    text = "\n".join([finding.message, *places])
    if finding.type == "error":
        return JUnitNote("failure", text, finding.message, finding.code)
    return JUnitNote("system-out", f"{finding.code}: {text}")


def _interaction(finding: Finding, checked: CheckedPact) -> str | None:
    if finding.pact is None or finding.interaction is None:
        return None
    written = checked.pacts[finding.pact].written[finding.interaction]
    return f'interaction {finding.interaction} "{written["description"]}"'
