"""Findings as text."""

from __future__ import annotations

from collections.abc import Sequence

from interceptor.report.lines import counted
from interceptor.values.findings import Finding


def finding_line(finding: Finding) -> str:
    """A finding in one line: `handlers/a.yaml:3: warning: "..." ends with a full stop  [description.stop]`."""
    at = finding.handler or finding.pact
    if finding.handler is None and finding.interaction is not None:
        at = f"{at}, interaction {finding.interaction}"
    return f"{at + ': ' if at else ''}{finding.type}: {finding.message}  [{finding.code}]"


def severity_counts(findings: Sequence[Finding]) -> str:
    """`1 error · 2 warnings`."""
    return " · ".join(
        counted(sum(finding.type == severity for finding in findings), severity) for severity in ("error", "warning")
    )


def lint_total(findings: Sequence[Finding]) -> str:
    """The last line of `interceptor lint`."""
    return severity_counts(findings) if findings else "no findings"
