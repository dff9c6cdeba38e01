"""The parts of a text that templates made up by asking the clock or chance, whatever they look like.

A part is known by what it is with either of two stand-ins (see `GeneratedSpan`). Where these have a form of
`detect`, the constant is one of that form. Otherwise the lower one is the constant itself; where there are very many
values between the two, equal values are one and get a constant of their own, counted from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache

from interceptor.contract.pinning.detect import ZERO_DAYS, VolatileSpan, constant, pattern, spans_of
from interceptor.pact.rules import escape
from interceptor.values.exchange import GeneratedSpan
from interceptor.values.generated import HIGH_CLOCK, LOW_CLOCK
from interceptor.values.json_text import Json

MADE = "!"
"""How the forms begin of what was made up: that is never literal, even if a handler says the same somewhere."""
ANYTHING = r"[\s\S]*"
_OWN = f"{MADE}made:"
_DECIMAL, _HEXADECIMAL = 10, 16
_MANY = 100_000
"""Values, of which two are never equal by accident."""
_SHORTEST = 4
"""Characters; a shorter one of them is found in places that have nothing to do with it."""
_INTEGER, _HEX, _FLOAT = re.compile(r"-?\d{1,30}"), re.compile(r"[0-9a-f]{6,64}"), re.compile(r"-?\d+\.\d+")


def made_spans(text: str, generated: Iterable[GeneratedSpan]) -> list[VolatileSpan]:
    """Where in a text there is what sources made, each with its form."""
    found: list[VolatileSpan] = []
    for start, end, low, high, chance in generated:
        found += _forms(text[start:end], start, _plain(low), _plain(high), chance=chance)
    return found


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else str(value)


def _forms(text: str, at: int, low: str, high: str, *, chance: bool) -> list[VolatileSpan]:
    lows, highs = spans_of(low, LOW_CLOCK), spans_of(high, HIGH_CLOCK)
    if low != high and _alike(low, lows, high, highs):
        if len(lows) == 1 and lows[0][:2] == (0, len(low)):
            return [(at, at + len(text), MADE + lows[0][2])]
        if (inner := _inner(text, low, lows)) is not None:
            changing = [low[a:b] != high[c:d] for (a, b, _), (c, d, _) in zip(lows, highs, strict=True)]
            return [
                (at + start, at + end, MADE + form)
                for (start, end), (_, _, form), changes in zip(inner, lows, changing, strict=True)
                if changes
            ]
    before, after = _common(low, high)
    if before + after and text.startswith(low[:before]) and text.endswith(low[len(low) - after :]):
        text, at = text[before : len(text) - after], at + before
        low, high = low[before : len(low) - after], high[before : len(high) - after]
    return [(at, at + len(text), f"{_OWN}{json.dumps([low, high, chance])}")]


def _rests(text: str, spans: list[VolatileSpan]) -> list[str]:
    """What stands between the spans."""
    ends = [0, *(end for _, end, _ in spans)]
    starts = [*(start for start, _, _ in spans), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def _alike(low: str, lows: list[VolatileSpan], high: str, highs: list[VolatileSpan]) -> bool:
    """Whether two texts differ in values of the same forms only."""
    forms = [form for _, _, form in lows]
    return bool(lows) and forms == [form for _, _, form in highs] and _rests(low, lows) == _rests(high, highs)


def _inner(text: str, low: str, lows: list[VolatileSpan]) -> list[tuple[int, int]] | None:
    """Where in a text the values stand that another one has among the same rests."""
    pattern = "(.+?)".join(map(re.escape, _rests(low, lows)))
    match = re.fullmatch(pattern, text, re.DOTALL)
    return None if match is None else [match.span(number + 1) for number in range(len(lows))]


def _common(low: str, high: str) -> tuple[int, int]:
    """How many characters two texts share at their beginnings and ends, whole words only."""
    before = 0
    while before < min(len(low), len(high)) and low[before] == high[before]:
        before += 1
    while before and low[before - 1].isalnum():
        before -= 1
    after = 0
    while after < min(len(low), len(high)) - before and low[-1 - after] == high[-1 - after]:
        after += 1
    while after and low[len(low) - after].isalnum():
        after -= 1
    return before, after


@lru_cache(maxsize=1000)
def _bounds(form: str) -> tuple[str, str, int]:
    """The two stand-ins of a form, and the base in which to count from the one to the other; 0 where nothing counts."""
    low, high, chance = json.loads(form.removeprefix(_OWN))
    if not chance:
        return low, high, 0
    if _INTEGER.fullmatch(low) and _INTEGER.fullmatch(high) and (int(low) >= 0) == (low[0] != "-"):
        return low, high, _DECIMAL if int(high) - int(low) >= _MANY else 0
    return low, high, _HEXADECIMAL if _HEX.fullmatch(low) and _HEX.fullmatch(high) and len(low) == len(high) else 0


def is_own(form: str) -> bool:
    """Whether a form is none of those that `detect` knows."""
    return form.startswith(_OWN)


def identifies(form: str, value: str) -> bool:
    """Whether whatever equals a value of a form is that value, and not equal by accident."""
    return not is_own(form) or (_bounds(form)[2] > 0 and len(value) >= _SHORTEST)


def constants(form: str, number: int) -> list[str]:
    """The constants that a form offers for a class, the first of them the usual one.

    Args:
        form: with or without the mark of what was made.
        number: of the class, counted from 1; of a form of this module among those of the form.
    """
    if not is_own(form):
        return [constant(form.removeprefix(MADE), number, zero) for zero in ZERO_DAYS]
    low, high, base = _bounds(form)
    if not base:
        return [low, high]
    value = int(low, base) + (number - 1) % (abs(int(high, base) - int(low, base)) + 1)
    return [str(value) if base == _DECIMAL else f"{value:0{len(low)}x}", high]


@lru_cache(maxsize=1000)
def pattern_of(form: str) -> str:
    """The regular expression of all values of a form."""
    if not is_own(form):
        return pattern(form.removeprefix(MADE))
    low, high, _ = _bounds(form)
    if low == high:
        return escape(low)
    if _INTEGER.fullmatch(low) and _INTEGER.fullmatch(high):
        return rf"\d{{{len(low)}}}" if len(low) == len(high) and low[0] != "-" else r"-?\d+"
    if _FLOAT.fullmatch(low) and _FLOAT.fullmatch(high):
        return r"-?\d+(\.\d+)?"
    if _HEX.fullmatch(low) and _HEX.fullmatch(high) and len(low) == len(high):
        return rf"[0-9a-f]{{{len(low)}}}"
    return ANYTHING
