"""Findings: what is wrong or doubtful about a contract, as coded data; prose is made at the rim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `code` is stable and goes from the general to the particular (`body.json.invalid`); `interaction` is the index in
    the pact, from 0; `handler` is `file:line`.
    """

    code: str
    type: Literal["error", "warning"]
    message: str
    pact: str | None = None
    interaction: int | None = None
    place: str | None = None
    document_place: str | None = None
    handler: str | None = None
