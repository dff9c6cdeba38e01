"""Which element is matched by which matcher, whatever their order: `$unordered`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def assignable(tests: Sequence[Callable[[Any], bool]], elements: Sequence[Any]) -> bool:
    """Whether each test can have an element of its own, none left over.

    An element that several tests match must not be taken by the wrong one: augmenting paths find the right choice.
    """
    if len(tests) != len(elements):
        return False
    possible = [[at for at, element in enumerate(elements) if test(element)] for test in tests]
    taken: dict[int, int] = {}
    return all(_place(test, possible, taken) for test in range(len(tests)))


def _place(first: int, possible: Sequence[Sequence[int]], taken: dict[int, int]) -> bool:
    """Give a test an element, moving others where they have another choice; a search without recursion."""
    came: dict[int, int] = {}
    pending = [first]
    while pending:
        test = pending.pop()
        for element in possible[test]:
            if element in came:
                continue
            came[element] = test
            if element in taken:
                pending.append(taken[element])
                continue
            _shift(element, first, came, taken)
            return True
    return False


def _shift(element: int, first: int, came: dict[int, int], taken: dict[int, int]) -> None:
    """Move each test on the way to the free element one on."""
    before = {test: other for other, test in taken.items()}
    while True:
        test = came[element]
        taken[element] = test
        if test == first:
            return
        element = before[test]
