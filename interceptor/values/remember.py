"""Caches of functions that are bounded by what they hold, and not by a count alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
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


def remembered_by_weight(
    entries: int, weigh: Callable[..., int], *, heaviest: int = 4096
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """`@remembered_by_weight(512, len)`: as `lru_cache`, but heavy arguments are looked at anew each time.

    So the keys take `entries * heaviest` bytes at most. Only what is not known yet is weighed.
    """

    def decorate(compute: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        kept: dict[tuple[object, ...], Result] = {}

        @wraps(compute)
        def result(*args: Arguments.args, **named: Arguments.kwargs) -> Result:
            key = (*args, *named.values()) if named else args
            known = kept.get(key)
            if known is not None:
                return known
            value = compute(*args, **named)
            if weigh(*args, **named) <= heaviest:
                if len(kept) >= entries:
                    kept.clear()
                kept[key] = value
            return value

        return result

    return decorate
