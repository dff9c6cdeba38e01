"""How a place inside a JSON value is written: `$.items[0].name`, `$['odd key']`.

The places of the journal put the side in front: `response.$.items[0].name`, `request.headers.accept`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from interceptor.values.json_text import Json

ROOT = "$"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@lru_cache(maxsize=10_000)
def below(place: str, step: str | int) -> str:
    """The place of a member or an element: `("$.a", "b c")` -> `"$.a['b c']"`."""
    if isinstance(step, int):
        return f"{place}[{step}]"
    if _PLAIN_KEY.match(step):
        return f"{place}.{step}"
    return f"{place}['{step}']"


def leaves(value: Json, place: str = ROOT) -> Iterator[tuple[str, Json]]:
    """Every value that is neither an object nor an array, with its place."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, below(place, str(key)))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from leaves(element, below(place, index))
    else:
        yield place, value
