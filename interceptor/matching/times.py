"""Times against now or another time: `$before`, `$after`, `$within`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from interceptor.matching.mismatches import MatcherError, SpecPath, Test
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.moments import duration, moved, parse_moment

TIME_OPERATORS = frozenset({"$before", "$after", "$within"})
_WITHIN_KEYS = ("of", "by")


def time_test(key: str, operand: Any, path: SpecPath) -> Test:
    """The test of a time operator on one value.

    Raises:
        MatcherError: for an operand that names no time.
    """
    if key == "$within":
        return _within(operand, path)
    bound = _moment(operand, path)
    if key == "$before":
        return _of_moments(lambda at: at < bound())
    return _of_moments(lambda at: at > bound())


def _within(operand: Any, path: SpecPath) -> Test:
    spec = operand if isinstance(operand, dict) else {"by": operand}
    if odd := next((key for key in spec if key not in _WITHIN_KEYS), None):
        raise MatcherError(f'unknown key "{odd}"{did_you_mean(str(odd), list(_WITHIN_KEYS))}', (*path, odd))
    if not isinstance(spec.get("by"), str):
        raise MatcherError("$within takes a duration such as 5m, or {of: a time, by: 5m}", path)
    try:
        seconds = duration(spec["by"])
    except ValueError as error:
        raise MatcherError(str(error), (*path, "by")) from error
    middle = _moment(spec.get("of", "now"), (*path, "of"))
    return _of_moments(lambda at: abs((at - middle()).total_seconds()) <= seconds)


def _moment(operand: Any, path: SpecPath) -> Callable[[], datetime]:
    """What `now`, `now+8h` or a time means, each time anew."""
    try:
        if isinstance(operand, str) and operand.strip().startswith("now"):
            offset = operand.strip().removeprefix("now")
            moved(datetime.now(UTC), offset)
            return lambda: moved(datetime.now(UTC), offset)
        at = parse_moment(operand)
    except ValueError as error:
        message = str(error).replace("write for example", "write now, now+8h or for example")
        raise MatcherError(message, path) from error
    return lambda: at


def _of_moments(test: Callable[[datetime], bool]) -> Test:
    def check(value: Any) -> bool:
        try:
            return test(parse_moment(value))
        except ValueError:
            return False

    return check
