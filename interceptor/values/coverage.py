"""How much of a provider's document a contract uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

CoveredBy: TypeAlias = Literal["contract", "handlers", "nothing"]
CoverageKind: TypeAlias = Literal["operation", "status", "parameter", "property"]


@dataclass(frozen=True, slots=True)
class CoveredItem:
    """Something that a document offers, and who uses it."""

    kind: CoverageKind
    name: str
    by: CoveredBy
    document_place: str


@dataclass(frozen=True, slots=True)
class DocumentCoverage:
    """How much of a provider's document its consumer's contract uses."""

    provider: str
    items: tuple[CoveredItem, ...] = field(repr=False)

    def count(self, kind: CoverageKind | None = None, by: CoveredBy | None = None) -> int:
        """How many items there are of a kind, used by someone; None means any."""
        return sum(kind in {None, item.kind} and by in {None, item.by} for item in self.items)

    @property
    def percent(self) -> float:
        """Of all items, those that the contract uses; 100 for a document that offers nothing."""
        return 100 * self.count(by="contract") / len(self.items) if self.items else 100.0
