"""Formats of dates and times in Java's notation, in which the specifications write them, as regular expressions.

Libraries for Python format and parse dates in this notation; none makes a pattern of a format, which verifiers of
specification 2 need in the place of the rule.
"""

from __future__ import annotations

import re

from interceptor.pact.rules import escape

_FORMAT_PIECE = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']")
_NAMES = {"E": "[A-Za-z]+", "a": "(AM|PM|am|pm)", "z": "[A-Za-z]+", "G": "[A-Z]+"}
_ZONES = {1: r"[+-]\d{2}(\d{2})?", 2: r"[+-]\d{4}", 3: r"[+-]\d{2}:\d{2}"}
_DIGITS = frozenset("yuMdDHhkKmsSnAwFe")


def format_regex(pattern: str) -> str:
    r"""The regular expression of a date format in Java's notation: `"yyyy-MM-dd"` -> `"\d{4}-\d{2}-\d{2}"`.

    Raises:
        ValueError: for a letter that is not part of that notation.
    """
    pieces = []
    position = 0
    while position < len(pattern):
        match = _FORMAT_PIECE.match(pattern, position)
        if match is None:
            raise ValueError(f'a quote is open in the format "{pattern}"')
        position = match.end()
        piece, letter = match[0], match[1]
        if letter is None:
            literal = piece[1:-1].replace("''", "'") or "'" if piece.startswith("'") else piece
            pieces.append(escape(literal))
        elif letter in _NAMES or (letter == "M" and len(piece) > 2):
            pieces.append(_NAMES.get(letter, "[A-Za-z]+"))
        elif letter in "Xx" and len(piece) in _ZONES:
            zone = _ZONES[len(piece)]
            pieces.append(f"(Z|{zone})" if letter == "X" else zone)
        elif letter == "Z":
            pieces.append(_ZONES[2])
        elif letter in _DIGITS:
            pieces.append(r"\d{1,2}" if len(piece) == 1 else rf"\d{{{len(piece)}}}")
        else:
            raise ValueError(f'"{letter}" means nothing in the format "{pattern}"; quote text with \'')
    return "".join(pieces)
