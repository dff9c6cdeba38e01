"""Caches of functions of one text that are bounded by what they hold, and not by a count alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Text = TypeVar("Text", str, bytes)
Result = TypeVar("Result")


def remembered(entries: int, longest: int = 250) -> Callable[[Callable[[Text], Result]], Callable[[Text], Result]]:
    """`@remembered(1000)`: as `lru_cache`, but a text of more than `longest` characters is looked at anew each time.

    So the keys take `entries * longest` characters at most, whatever clients send.
    """

    def decorate(compute: Callable[[Text], Result]) -> Callable[[Text], Result]:
        kept = lru_cache(maxsize=entries)(compute)

        @wraps(compute)
        def result(text: Text) -> Result:
            return kept(text) if len(text) <= longest else compute(text)

        return result

    return decorate
