"""What a template may take of the proxy's time and memory: nobody else is answered while it is filled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any

SECONDS = 1.0
"""For one template."""
MOST_CHARACTERS = 1 << 20
MOST_ELEMENTS = 1000
"""Of a list that is repeated; few, since lists of lists multiply."""
_MOST_BITS = 1 << 14
"""Of an integer that is computed: more digits than Python writes as text."""
_MOST_COUNT = 1 << 16
"""Of columns, lines and the like, as filters take them."""
_WIDE = re.compile(r"%[-+ #0.\d]{0,20}(?:\d{6}|\*)|\{[^{}]{0,80}:[^{}]{0,80}(?:\d{6}|\{)")
"""A width in a format."""
_COUNTING = frozenset(
    {"batch", "center", "expandtabs", "indent", "ljust", "rjust", "slice", "truncate", "wordwrap", "zfill"}
)
_FORMATTING = frozenset({"format", "format_map"})

_deadline: ContextVar[float] = ContextVar("deadline")


def in_limited_time(act: Callable[[], Any]) -> Any:
    """The result of filling a template, whose time begins here."""
    token = _deadline.set(time.monotonic() + SECONDS)
    try:
        return act()
    finally:
        _deadline.reset(token)


def go_on() -> None:
    """Let a template go on, while it has time.

    Raises:
        OverflowError: it takes too long.
    """
    if time.monotonic() > _deadline.get(float("inf")):
        raise OverflowError(f"it takes more than {SECONDS:g} s")


def in_time(elements: Iterable[Any]) -> Iterator[Any]:
    """What a loop goes through, while there is time."""
    for element in elements:
        go_on()
        yield element


def check_operator(operator: str, left: Any, right: Any) -> None:
    """Refuse a product, a power or a formatted text that would be vast.

    Raises:
        OverflowError: it would.
    """
    if operator == "%":
        is_huge = isinstance(left, str) and _WIDE.search(left) is not None
    else:
        is_huge = _is_huge(operator, left, right)
    if is_huge:
        raise OverflowError(f"the result of {operator} would be too large")


def check_call(name: str, subject: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse a method of a text, or a filter, whose result would be vast; `subject` is what it works on.

    Raises:
        OverflowError: it would.
    """
    go_on()
    match name:
        case "replace" if len(arguments) > 1:
            times = str(subject).count(str(arguments[0]))
            is_huge = times * len(str(arguments[1])) > MOST_CHARACTERS
        case "join":
            parts, between = (arguments[0], subject) if isinstance(subject, str) and arguments else (subject, "")
            is_huge = isinstance(parts, list | tuple) and _length(parts, between) > MOST_CHARACTERS
        case _:
            is_huge = name in _FORMATTING and _WIDE.search(str(subject)) is not None
            is_huge = is_huge or (
                name in _COUNTING and any(isinstance(each, int) and each > _MOST_COUNT for each in arguments)
            )
    if is_huge:
        raise OverflowError(f"the result of {name} would be too large")


def bounded(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is refused where its result would be vast."""
    passes_context = hasattr(act, "jinja_pass_arg")

    @wraps(act)
    def checked(*arguments: Any, **more: Any) -> Any:
        given = arguments[1:] if passes_context else arguments
        check_call(name, given[0] if given else "", (*given[1:], *more.values()))
        return act(*arguments, **more)

    return checked


def _length(parts: Iterable[Any], between: str) -> int:
    return sum((len(each) if isinstance(each, str) else 8) + len(between) for each in parts)


def _is_huge(operator: str, left: Any, right: Any) -> bool:
    match left, right:
        case int(), int():
            return _bits(operator, left, right) > _MOST_BITS
        case (str() | list() | tuple(), int() as times):
            return len(left) * times > _most(left)
        case (int() as times, str() | list() | tuple()):
            return len(right) * times > _most(right)
    return False


def _bits(operator: str, left: int, right: int) -> int:
    """The most that a product or a power can have."""
    if operator == "*":
        return left.bit_length() + right.bit_length()
    return left.bit_length() * max(right, 0) if abs(left) > 1 else 1


def _most(repeated: Any) -> int:
    return MOST_CHARACTERS if isinstance(repeated, str) else MOST_ELEMENTS
