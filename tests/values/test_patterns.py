"""Users' regular expressions: as Python's own `re` where that ends, and an end in time where it does not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.values.patterns import SECONDS, Pattern, SlowPatternError

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", r"\d", r"\w", r"\{", "{e}", "{", "^", "$", r"\b", r"\N{DIGIT ONE}"])


def _composed(inner):
    return (
        st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("({}){}".format, inner, st.sampled_from(["?", "*", "+", "{1,2}", "*?", ""]))
        | st.builds("(?={})".format, inner)
    )


PATTERNS = st.recursive(ATOMS, _composed, max_leaves=6)
TEXTS = st.text("ab1{}e\n", max_size=6)


@given(PATTERNS, TEXTS, st.sampled_from(["search", "fullmatch"]))
def test_a_match_is_that_of_re_whoever_finds_it(source, text, method):
    ours, theirs = Pattern(source), re.compile(source)
    expected = getattr(theirs, method)(text)
    for found in (getattr(ours, method)(text), ours._bounded(method, text)):
        assert (found is None) == (expected is None)
        assert found is None or found.span() == expected.span()


SLOW = {
    "alternatives that overlap": (r"^(a|a)*$", "a" * 45 + "!"),
    "a repetition of a repetition": (r"^(\w+\s?)*$", "a" * 60 + "!"),
    "two repetitions in one": (r"(x+x+)+y", "x" * 4000),
    "many optional ones": ("a?" * 30 + "a" * 30 + "$", "a" * 29 + "b"),
    "blanks before an end that does not come": (r"\s+$", " " * 200_000 + "x"),
    "a way back": (r"(a*)*\1b", "a" * 60),
}


@pytest.mark.parametrize(("source", "text"), SLOW.values(), ids=SLOW)
def test_a_match_ends_in_time(source, text):
    pattern = Pattern(source)
    began = time.monotonic()
    try:
        assert pattern.search(text) is None
    except SlowPatternError as error:
        assert source[:50] in str(error)  # noqa: PT017  # some are answered in time by `regex`
    assert time.monotonic() - began < 100 * SECONDS


def test_the_texts_that_most_patterns_meet_are_left_to_re():
    assert Pattern(r"^\d+-[a-z]+$")._longest_safe > 50
    assert Pattern(r"[0-9a-f]{8}-[0-9a-f]{4}")._longest_safe > 100_000
    assert Pattern(r"(ab|a)*")._longest_safe == -1


def test_text_that_is_no_pattern():
    with pytest.raises(re.error):
        Pattern("(")
