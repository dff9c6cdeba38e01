"""Secrets within a text, masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Where in a text a secret stands: its start, and the position behind its end."""


def masked_text(text: str, secrets: Iterable[Span], mask: Callable[[str], str]) -> str:
    """A text with its secrets masked; of spans that overlap, the one that starts first."""
    pieces = []
    position = 0
    for start, end in sorted(secrets):
        if start >= position:
            pieces += [text[position:start], mask(text[start:end])]
            position = end
    return "".join([*pieces, text[position:]])
