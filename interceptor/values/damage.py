"""What of a recording cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a recording that says nothing we can read; `line` counts from 1.

    A warning is what nobody can help, such as the last line of a run that was killed while writing it.
    """

    file: Path
    line: int | None
    message: str
    type: Literal["error", "warning"] = "error"
