"""What differs in every run: how it is found, and the constant that takes its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.contract.pinning.detect import constant, detect, epoch_form, pattern

AT = "2026-11-21T20:46:04.001Z"
EPOCH = int(datetime.fromisoformat(AT).timestamp())

# (text, the volatile values in it)
TEXTS = [
    ("/orders/6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e/items", ["6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"]),
    ("6F1BE6AC-7A31-4BE2-90B3-91A8D4BB2F0E", ["6F1BE6AC-7A31-4BE2-90B3-91A8D4BB2F0E"]),
    ("x6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e", []),
    ("2026-11-21", ["2026-11-21"]),
    ("2026-13-21 and 2026-11-32", []),
    ("12026-11-21", []),
    ("2026-11-21T20:46:04Z", ["2026-11-21T20:46:04Z"]),
    ("2026-11-21T20:46:04.123456+08:00", ["2026-11-21T20:46:04.123456+08:00"]),
    ("2026-11-21 20:46", ["2026-11-21 20:46"]),
    ("from 2026-11-21 to 2026-11-22", ["2026-11-21", "2026-11-22"]),
    ("at=2026-11-21T20%3A46%3A04%2B08%3A00", ["2026-11-21T20%3A46%3A04%2B08%3A00"]),
    ("2026-11-21T20:46:04,123Z", ["2026-11-21T20:46:04,123Z"]),
    ("20:46:04", ["20:46:04"]),
    ("20:46", []),
    ("1:20:46:04", []),
    ("Sat, 21 Nov 2026 20:46:04 GMT", ["Sat, 21 Nov 2026 20:46:04 GMT"]),
    ("Bearer eyJhbGci.eyJzdWIi.c2ln", ["eyJhbGci.eyJzdWIi.c2ln"]),
    ("version 1.2.3 of 10-11", []),
    ("/orders/5f8d0d55b54764421b7156aa/items", ["5f8d0d55b54764421b7156aa"]),
    ("V1StGXR8_Z5jdHi6B-myT", ["V1StGXR8_Z5jdHi6B-myT"]),
    ("a-slug-of-many-words-2026 aaaaaaaaaaaaaaaaaaaaaaaa 123456789012345678901234", []),
    ("iVBORw0KGgoAAAANSUhEUgAA=", []),
]


@pytest.mark.parametrize(("text", "values"), TEXTS)
def test_volatile_values_are_found(text, values):
    assert [text[start:end] for start, end, _ in detect(text)] == values


@pytest.mark.parametrize("text", [text for text, values in TEXTS if len(values) == 1])
def test_a_constant_is_of_the_same_form(text):
    ((start, end, form),) = detect(text)
    for number in (1, 2, 400):
        replaced = text[:start] + constant(form, number) + text[end:]
        assert [found.lower() for *_, found in detect(replaced)] == [form.lower()]
        assert re.fullmatch(pattern(form), constant(form, number))
    assert re.fullmatch(pattern(form), text[start:end])
    assert len({constant(form, number) for number in range(1, 100)}) == 99


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (str(EPOCH), "epoch:s"),
        (f"{EPOCH + 3600}", "epoch:s"),
        (f"{EPOCH}000", "epoch:ms"),
        (f"{EPOCH}.25", "epoch:s.000"),
        (str(EPOCH - 500 * 86400), None),
        ("4711", None),
        ("infinity!!", None),
        ("nan       ", None),
    ],
)
def test_numbers_near_the_time_of_the_exchange(text, form):
    assert epoch_form(text, AT) == form
    assert epoch_form(text, "") is None
    if form:
        assert re.fullmatch(pattern(form), constant(form, 3))


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)), st.sampled_from("T "))  # noqa: DTZ001  # the zone is added
def test_every_moment_that_python_writes_is_found(moment, between):
    for text in (moment.replace(tzinfo=UTC).isoformat(between), moment.isoformat(between, "milliseconds") + "Z"):
        ((start, end, form),) = detect(text)
        assert text[start:end] == text
        assert re.fullmatch(pattern(form), text)


@given(st.text())
def test_no_text_is_too_odd(text):
    for start, end, form in detect(text):
        assert re.fullmatch(pattern(form), text[start:end])


FOUND = [text for text, values in TEXTS if values == [text]]
FILLERS = ["", "a", "é", "商店", "1", "-", "application/json", "a-rather-long-name-of-something", "0000-00-00", "eyJ"]


@given(st.lists(st.tuples(st.sampled_from(FOUND), st.sampled_from(FILLERS)), min_size=1))
def test_every_value_is_found_among_others(pieces):
    text = "".join(f'"{value}" {filler}, ' for value, filler in pieces)
    assert [text[start:end] for start, end, _ in detect(text)] == [value for value, _ in pieces]
