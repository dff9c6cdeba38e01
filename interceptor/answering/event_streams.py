"""Server-sent events as text, https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line of a stream; U+2028, a form feed and the like belong to the line."""
_BREAKS_FIELD = re.compile(r"[\r\n\0]")
"""What would begin another field, or make a client ignore this one."""


def event_text(fields: Mapping[str, Any]) -> str:
    """One event: `event_text({"event": "tick", "data": {"n": 1}})` -> 'event: tick\\ndata: {"n":1}\\n\\n'.

    Raises:
        ValueError: where a field cannot be written.
    """
    for name in ("event", "id", "comment"):
        if _BREAKS_FIELD.search(str(fields.get(name, ""))):
            raise ValueError(f'"{name}" cannot hold a line break or a NUL')
    lines = [f": {fields['comment']}"] if "comment" in fields else []
    lines += [f"{name}: {fields[name]}" for name in ("event", "id", "retry") if name in fields]
    if "data" in fields:
        data = fields["data"]
        text = data if isinstance(data, str) else _json_text(data)
        lines += [f"data: {line}" for line in _LINE_END.split(text)]
    return "".join(f"{line}\n" for line in [*lines, ""])


def _json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the data of an event cannot be written as JSON: {error}") from error
