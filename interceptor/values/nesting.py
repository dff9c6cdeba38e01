"""How deep JSON and YAML may be nested: one limit, checked before any parser is asked.

Every parser ends somewhere: serde_json (the Pact tools) at 128 levels, jiter (pydantic) at 201, libyaml and Python's
`json` at about 1,000. Where, and with which words, changes with their versions. Ours is below all of them.
"""

from __future__ import annotations

DEEPEST = 120
"""Levels: `[[]]` has two."""
TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"

_ALIKE = bytes.maketrans(b"{}", b"[]")
_REST = bytes(set(range(256)) - set(b'"[]{}'))


def is_deeper(text: bytes, limit: int = DEEPEST) -> bool:
    """True where a JSON text is nested deeper than the limit; brackets in strings do not count.

    Few brackets cannot be nested deep, and counting them is all that most texts cost. For the others one level after
    the other is taken away, which costs a fraction of parsing them.

    Args:
        text: JSON in UTF-8, whether it is sound or not.
        limit: the number of levels that are allowed.
    """
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    brackets = _brackets(text)
    for depth in range(limit):
        if b"[" * (limit + 1) in brackets:
            return True
        inner, brackets = brackets, brackets.replace(b"[]", b"")
        if len(inner) == len(brackets):
            return depth + brackets.count(b"[") > limit
    return b"[" in brackets


def _brackets(text: bytes) -> bytes:
    """The brackets outside of strings, all of one kind: `{"a": ["{"]}` -> `[[]]`."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes side by side may go, whichever they are: what stands outside of strings still does.
    marks = text.translate(_ALIKE, _REST).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2])
