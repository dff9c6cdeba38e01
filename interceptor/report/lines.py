"""The lines that the tool prints about itself, and the words they are built from."""

from __future__ import annotations

_PREFIX = "interceptor  "


def line(text: str) -> str:
    """A line of ours among the output of other programs: `interceptor  2 requests`."""
    return f"{_PREFIX}{text}"


def detail(text: str) -> str:
    """A line that belongs to the one above it."""
    return f"{' ' * len(_PREFIX)}{text}"


def counted(count: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
