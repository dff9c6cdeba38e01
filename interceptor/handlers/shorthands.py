"""Values that may be written in more than one way: `404`, `{status: 404}`, `[404, 200]`."""

from __future__ import annotations

from typing import Any


def branch(value: Any) -> str:
    """Which branch of a shorthand a value is; the tags appear in error locations (see models.UNION_TAGS)."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "mapping"
