"""The lines that the tool prints about itself, and the words they are built from."""

from __future__ import annotations

import re

_PREFIX = "interceptor  "
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that move a terminal's cursor, start its commands, or turn the order of the text round."""
_COMMAND = re.compile(r"^([ \t]*)(::|##\[|##vso\[|##teamcity\[)", re.MULTILINE)
"""Beginnings of lines that CI systems take for commands."""


def line(text: str) -> str:
    """A line of ours among the output of other programs: `interceptor  2 requests`."""
    return f"{_PREFIX}{text}"


def detail(text: str) -> str:
    """A line that belongs to the one above it."""
    return f"{' ' * len(_PREFIX)}{text}"


def counted(count: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    r"""Text that neither a terminal nor a CI system obeys: `\x1b[2J` is written out, `::error::` begins with a `\`."""
    return _COMMAND.sub(r"\1\\\2", _OBEYED.sub(_written_out, text))


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
