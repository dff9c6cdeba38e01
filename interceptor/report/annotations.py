"""Lines that GitHub Actions shows at the places they speak of.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from interceptor.values.finding_codes import Severity


def annotation(severity: Severity, text: str, place: str | None, title: str) -> str:
    """`::error file=handlers/products.yaml,line=12,title=unhandled request::GET /x has no handler`.

    Args:
        severity: how GitHub shows it.
        text: may have several lines.
        place: `file:line`, or a file alone.
        title: stands above the text.
    """
    file, _, line = (place or "").rpartition(":")
    if not line.isdecimal():
        file, line = place or "", ""
    properties = {"file": file, "line": line, "title": title}
    written = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items() if value)
    return f"::{severity} {written}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for character in f"%\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
