"""What checks of requests come to: mismatches, none where all is as asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One part of a request that is not what a handler asks for: `("json $.name", '{"$type":"string"}', "12")`."""

    part: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.part}: expected {self.expected}, got {self.got}"


class MatcherError(ValueError):
    """A matcher that makes no sense; `path` leads to it from the value that was compiled."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.path = path


SpecPath: TypeAlias = tuple[str | int, ...]
Test: TypeAlias = Callable[[Any], bool]
JsonCheck: TypeAlias = Callable[[Any, str], "Sequence[Mismatch]"]

NONE: Final[Sequence[Mismatch]] = ()


def display(value: Any) -> str:
    """A value for a message, cut where it is long."""
    if value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"
