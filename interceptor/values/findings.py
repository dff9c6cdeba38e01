"""Findings: what is wrong or doubtful about a contract, as coded data; `report/` turns them into prose."""

from __future__ import annotations

from dataclasses import dataclass, field

from interceptor.values.finding_codes import FINDING_CODES, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `code` is one of `FINDING_CODES`, which decides the severity; `interaction` is the index in the pact, from 0;
    `handler` is `file:line`.
    """

    code: str
    type: Severity = field(init=False)
    message: str
    pact: str | None = None
    interaction: int | None = None
    place: str | None = None
    document_place: str | None = None
    handler: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", FINDING_CODES[self.code].severity)
