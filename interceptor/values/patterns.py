"""Regular expressions that users write, matched in bounded time.

Python's own `re` may search for years, and everybody waits: `(a|a)*$` doubles its time with each letter. Most patterns
cannot do that with the short texts that they meet, which a look at the pattern shows; those go to `re`. All others go
to the package `regex`, which gives up in time but needs ten times as long to begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re`, which has no other name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

SECONDS = 0.1
"""For one match; everybody waits meanwhile."""
_MOST_STEPS = 1_000_000
"""Of `re`, some ten milliseconds."""
_NO_LITERAL_BRACES = re.compile(r"\\N\{[^}]*\}|\\.|\{(?!\d*,?\d*\})", re.DOTALL)
"""What `regex` would read as fuzzy matching, `re` as text: braces that hold no numbers."""


class SlowPatternError(ValueError):
    """A match that took too long."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern if len(pattern) <= 100 else f"{pattern[:100]}…"
        super().__init__(f'the pattern "{self.pattern}" is too slow: it had not ended after {SECONDS:g} s')


@dataclass(unsafe_hash=True)
class Pattern:
    r"""A regular expression in Python's language: `Pattern(r"\d+").fullmatch("12")`.

    Raises:
        re.error: for text that is none.
    """

    source: str
    flags: int = 0
    _compiled: re.Pattern[str] = field(init=False, compare=False)
    _slow: str | None = field(init=False, default=None, compare=False)
    """The last text that took too long, which is often asked about again at once."""

    def __post_init__(self) -> None:
        self._compiled = re.compile(self.source, self.flags)

    @property
    def groups(self) -> int:
        return self._compiled.groups

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere in the text.

        Raises:
            SlowPatternError: it takes too long.
        """
        return self._compiled.search(text) if len(text) <= self._longest_safe else self._bounded("search", text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """The match of the whole text.

        Raises:
            SlowPatternError: it takes too long.
        """
        return self._compiled.fullmatch(text) if len(text) <= self._longest_safe else self._bounded("fullmatch", text)

    def sub(self, replacement: str, text: str) -> str:
        """The text with every match replaced.

        Raises:
            SlowPatternError: it takes too long.
        """
        if len(text) <= self._longest_safe:
            return self._compiled.sub(replacement, text)
        return str(self._bounded("sub", text, replacement))

    def _bounded(self, method: str, text: str, *before: str) -> Any:
        if text == self._slow:
            raise SlowPatternError(self.source)
        try:
            return getattr(self._patient, method)(*before, text, timeout=SECONDS)
        except TimeoutError as error:
            self._slow = text
            raise SlowPatternError(self.source) from error
        except self._patient_error as error:  # it has another opinion of what a pattern, or a replacement, may say
            raise re.error(str(error), self.source) from error

    @cached_property
    def _longest_safe(self) -> int:
        """The most characters that a text may have for `re` to come to an end soon, whatever they are."""
        try:
            factors = _factors(parser.parse(self.source, self.flags))
        except _NotBoundedError:
            return -1
        least, most = 0, _MOST_STEPS
        while least < most:
            length = (least + most + 1) // 2
            if _steps(factors, length) <= _MOST_STEPS:
                least = length
            else:
                most = length - 1
        return least

    @property
    def _patient_error(self) -> type[Exception]:
        import regex  # noqa: PLC0415  # as below

        error: type[Exception] = regex.error
        return error

    @cached_property
    def _patient(self) -> Any:
        """Of the package `regex`, whose matches are like those of `re`."""
        import regex  # noqa: PLC0415  # slow to import, and seldom needed

        plain = _NO_LITERAL_BRACES.sub(lambda found: r"\{" if found[0] == "{" else found[0], self.source)
        return regex.compile(plain, self.flags & ~re.DEBUG | regex.V0)


class _NotBoundedError(Exception):
    """A pattern whose ways to match cannot be counted simply."""


def _steps(factors: list[float], length: int) -> float:
    """How many ways there are to begin and to go on, at most."""
    steps = float(length + 1)
    for factor in factors:
        steps *= min(factor, length + 1)
        if steps > _MOST_STEPS:
            break
    return steps


def _factors(parsed: Any) -> list[float]:
    """For each choice that a pattern has, the number of ways: `a?b*(c|d)` -> `[2, inf, 2]`.

    Raises:
        _NotBoundedError: where a choice is repeated, as in `(a|b)*`, or refers back.
    """
    return [factor for code, operand in parsed for factor in _factors_of(code, operand)]


def _factors_of(code: Any, operand: Any) -> list[float]:
    match code:
        case codes.LITERAL | codes.NOT_LITERAL | codes.ANY | codes.IN | codes.AT | codes.CATEGORY:
            return []
        case codes.MAX_REPEAT | codes.MIN_REPEAT | codes.POSSESSIVE_REPEAT:
            least, most, inner = operand
            if _factors(inner) and (least, most) != (1, 1):
                raise _NotBoundedError
            return [float("inf") if most is codes.MAXREPEAT else float(most - least + 1)] if least != most else []
        case codes.SUBPATTERN:
            return _factors(operand[-1])
        case codes.ATOMIC_GROUP:
            return _factors(operand)
        case codes.ASSERT | codes.ASSERT_NOT:
            return _factors(operand[1])
        case codes.BRANCH:
            return [float(len(operand[1])), *(factor for branch in operand[1] for factor in _factors(branch))]
    raise _NotBoundedError
