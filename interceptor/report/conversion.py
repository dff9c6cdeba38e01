"""The result of an export as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from interceptor.conversion import Conversion
from interceptor.project.config import Project
from interceptor.report.lines import counted
from interceptor.report.toned import TonedLine, TonedText, plain
from interceptor.values.json_text import Json

_MOST_NAMED = 3
"""Interactions; more would hide the remedy."""


def conversion_lines(project: Project, conversion: Conversion) -> Iterator[str]:
    """What an export did."""
    yield from conversion_notes(project, conversion)
    yield from map(plain, pact_lines(project, conversion))


def conversion_notes(project: Project, conversion: Conversion) -> Iterator[str]:
    """What is to be told beside the pacts that were written."""
    yield from conversion.warnings
    for finding in conversion.findings:
        at = f"{finding.handler}: " if finding.handler else ""
        yield f"{finding.type}: {at}{finding.message}"
    for provider in conversion.without_exchanges:
        yield f"no exchange with {provider}: its pact is unchanged"
    yield from _unsteady(conversion)
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


def _unsteady(conversion: Conversion) -> Iterator[str]:
    """One line about all that changed in values only; in a pact that was left as it is, nothing did."""
    changed = _changed_in_values_only(conversion)
    if changed:
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        named = ", ".join(f'"{each}"' for each in changed[:_MOST_NAMED])
        yield (
            f"{counted(len(changed), 'interaction')} changed in values only: {named}{more}\n"
            "  if that is so in every run, the test data is random: seed its generator, "
            "or set `examples: keep` or `examples: one-per-shape` under pact in interceptor.yaml, "
            "or declare `matching` in the handler and write a constant"
        )


def _changed_in_values_only(conversion: Conversion) -> list[str]:
    return [each for pact in conversion.pacts if not pact.losses for each in pact.change.in_values_only]


def pact_lines(project: Project, conversion: Conversion) -> Iterator[TonedLine]:
    """Each pact that was written with its change, in columns."""
    written = [pact for pact in conversion.pacts if not pact.losses]
    rows = [(project.display(pact.path), counted(pact.interactions, "interaction")) for pact in written]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for (file, interactions), pact in zip(rows, written, strict=True):
        change = pact.change
        parts = (("+", change.added, "good"), ("~", change.changed, "doubt"), ("-", len(change.removed), "bad"))
        line = [TonedText(f"{file:{widths[0]}}   {interactions:{widths[1]}}  ")]
        for sign, count, tone in parts:
            line += [TonedText(" "), TonedText(f"{sign}{count}", tone if count else "plain")]  # type: ignore[arg-type]  # mypy widens the literals of a tuple
        yield line


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
        "changed_in_values_only": _changed_in_values_only(conversion),
        "without_exchanges": conversion.without_exchanges,
        "findings": [asdict(finding) for finding in conversion.findings],
        "warnings": conversion.warnings,
    }
