"""Caches that long texts cannot fill."""

from __future__ import annotations

import pytest

from interceptor.values.remember import remembered, remembered_by_weight


@pytest.mark.parametrize(("length", "looked_at"), [(1, 1), (10, 1), (11, 3)])
def test_a_long_text_is_looked_at_each_time(length: int, looked_at: int) -> None:
    seen = []

    @remembered(2, longest=10)
    def size(text: str) -> int:
        seen.append(text)
        return len(text)

    assert [size("a" * length) for _ in range(3)] == [length] * 3
    assert len(seen) == looked_at


def test_only_so_many_texts_are_kept() -> None:
    seen = []

    @remembered(2)
    def upper(text: str) -> str:
        seen.append(text)
        return text.upper()

    assert [upper(each) for each in ("a", "b", "c", "c", "a")] == ["A", "B", "C", "C", "A"]
    assert seen == ["a", "b", "c", "a"]


@pytest.mark.parametrize(("weight", "looked_at"), [(10, 1), (11, 3)])
def test_heavy_arguments_are_looked_at_each_time(weight: int, looked_at: int) -> None:
    seen = []

    @remembered_by_weight(2, lambda first, *, last: first + last, heaviest=10)
    def total(first: int, *, last: int) -> int:
        seen.append(first)
        return first + last

    assert [total(weight - 1, last=1) for _ in range(3)] == [weight] * 3
    assert len(seen) == looked_at


def test_only_so_many_arguments_are_kept() -> None:
    seen = []

    @remembered_by_weight(2, len)
    def upper(text: str) -> str:
        seen.append(text)
        return text.upper()

    assert [upper(each) for each in ("a", "b", "b", "c", "a")] == ["A", "B", "B", "C", "A"]
    assert seen == ["a", "b", "c", "a"]
