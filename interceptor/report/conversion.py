"""The result of an export as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from interceptor.convert import Conversion
from interceptor.project.config import Project
from interceptor.report.lines import counted
from interceptor.values.json_text import Json


def conversion_lines(project: Project, conversion: Conversion) -> Iterator[str]:
    """What an export did; also the last lines of `interceptor run`."""
    yield from conversion.warnings
    for finding in conversion.findings:
        at = f"{finding.handler}: " if finding.handler else ""
        yield f"{finding.type}: {at}{finding.message}"
    for provider in conversion.without_exchanges:
        yield f"no exchange with {provider}: its pact is unchanged"
    for pact in conversion.pacts:
        if pact.losses:
            file = project.display(pact.path)
            yield "\n  ".join(
                (
                    f"{file} is left as it is: it would lose interactions that are still answered",
                    *pact.losses,
                    "run all the tests; or write it all the same: interceptor run --prune, or interceptor export",
                )
            )
        else:
            yield f"{project.display(pact.path)}   {counted(pact.interactions, 'interaction')}   {pact.change}"


def conversion_json(project: Project, conversion: Conversion) -> Json:
    """The same for programs."""
    return {
        "pacts": [
            {
                "consumer": pact.consumer,
                "provider": pact.provider,
                "file": project.display(pact.path),
                "interactions": pact.interactions,
                "added": pact.change.added,
                "changed": pact.change.changed,
                "removed": [each["description"] for each in pact.change.removed],
            }
            for pact in conversion.pacts
        ],
        "without_exchanges": conversion.without_exchanges,
        "findings": [asdict(finding) for finding in conversion.findings],
        "warnings": conversion.warnings,
    }
