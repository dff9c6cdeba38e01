"""Interleaved pairs: whatever else the machine does meets both sides."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def interleaved(first: Callable[[], T], second: Callable[[], T], pairs: int) -> list[tuple[T, T]]:
    """The results of both, pair by pair, each going first every other time; one pair before them warms up."""
    results = []
    for number in range(pairs + 1):
        if number % 2:
            ours = first()
            results.append((ours, second()))
        else:
            theirs = second()
            results.append((first(), theirs))
    return results[1:]


def tell(text: str) -> None:
    """Progress, on the standard error: the standard output is the report."""
    print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
