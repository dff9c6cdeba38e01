"""What others captured: real answers, given an owner and masked like those of our own recordings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from interceptor.journal.lines import dumps, encoded
from interceptor.project.config import Project
from interceptor.redaction.redactor import Redactor
from interceptor.values.damage import Damage
from interceptor.values.exchange import Exchange, ImportedExchange, Metadata, Outcome
from interceptor.values.origins import Owners

RecordingReader: TypeAlias = Callable[[Path, list[Damage]], Iterator[ImportedExchange]]
"""Yields what a file holds; what it has to pass over goes into the list."""


@dataclass
class ImportedRecording:
    """A file that holds real traffic; whoever exports it wants that in the pact, whatever `record` says."""

    path: Path
    project: Project
    reader: RecordingReader
    damages: list[Damage] = field(default_factory=list)

    @property
    def consumer(self) -> str | None:
        """Such files do not say whose traffic they hold."""
        return None

    def distinct(self, seen: set[bytes]) -> Iterator[Exchange]:
        """The exchanges that are not like one seen before, masked; several recordings may share `seen`."""
        owners, redact = self.project.owners, Redactor.of(self.project)
        self.damages = []
        for captured in self.reader(self.path, self.damages):
            exchange = redact(_owned(captured, owners))
            like = hashlib.blake2b(dumps(encoded(exchange)), digest_size=16).digest()
            if like not in seen:
                seen.add(like)
                yield exchange


def _owned(captured: ImportedExchange, owners: Owners) -> Exchange:
    request = captured.request
    owned = owners.owner(request)
    return Exchange(
        request,
        captured.response,
        Outcome.PASSED,
        at=captured.at,
        metadata=Metadata() if owned is None else Metadata(provider=owned.provider, path=owned.path),
    )
