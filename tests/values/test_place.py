"""Places: what is spelt is parsed, whatever the names hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.values.place import Place, Wild, below, parse_path, parse_place, spell_path

NAMES = st.text() | st.text("ab01.'\"[]*$\\ é-", max_size=6)
SIDES = st.sampled_from(["request", "response"])
KEYS = NAMES | st.integers(0, 10**9 - 1) | st.just(Wild.EACH)
STEPS = st.lists(st.tuples(KEYS, st.booleans()), max_size=4).map(
    # `..` stands before another step, or it would say nothing.
    lambda steps: tuple(each for step, deep in steps for each in ((Wild.DEEP, step) if deep else (step,)))
)
PLACES = st.one_of(
    st.builds(Place, st.sampled_from(["method", "path", "status", "body", "query", "header", "form"]), side=SIDES),
    st.builds(Place, st.sampled_from(["query", "header", "form"]), NAMES, side=SIDES | st.none()),
    st.builds(Place, st.just("body"), steps=STEPS, side=SIDES | st.none()),
)


@given(PLACES)
def test_what_is_spelt_is_parsed(place):
    assert parse_place(str(place)) == place


@given(STEPS)
def test_a_path_that_is_spelt_is_parsed(steps):
    assert parse_path(spell_path(steps)) == steps


@given(STEPS.filter(lambda steps: not any(isinstance(step, Wild) for step in steps)))
def test_a_place_that_is_spelt_step_by_step_is_the_same(steps):
    text = "response.$"
    for step in steps:
        text = below(text, step)
    assert text == str(Place("body", steps=steps, side="response"))


# (a place, as a journal and a finding spell it, as a rule of a handler does)
SPELT = [
    (("path",), "request.path", "path"),
    (("header", "x-id"), "request.headers.x-id", "header.x-id"),
    (("query", "page"), "request.query.page", "query.page"),
    (("query", "filter[a]"), "request.query['filter[a]']", "query.filter[a]"),
    (("query", "it's"), "request.query['it''s']", "query.it's"),
    (("body", None, ("items", 0, "odd key")), "request.$.items[0]['odd key']", "$.items[0]['odd key']"),
    (("body", None, ("items", Wild.EACH)), "request.$.items[*]", "$.items[*]"),
    (("body", None, ()), "request.$", "$"),
    (("body",), "request.body", "body"),
]


@pytest.mark.parametrize(("parts", "noted", "ruled"), SPELT, ids=[noted for _, noted, _ in SPELT])
def test_a_place_is_spelt(parts, noted, ruled):
    assert str(Place(*parts, side="request")) == noted
    assert str(Place(*parts)) == ruled


# (what is no place, what is said of it)
NO_PLACES = [
    ("", "is no place"),
    ("request", "is no place"),
    ("request.", "is no place"),
    ("nonsense", "is no place"),
    ("request.header.x", "is no place"),
    ("headers.x", "is no place"),
    ("request.path.x", "is no place"),
    ("response.parts", "is no place"),
    ("state.path", "is no place"),
    ("request.queryx", "is no place"),
    ("request.query.a.b", "names no query"),
    ("request.query[0]", "names no query"),
    ("request.headers[0]", "names no header"),
    ("request.$['a", "is not a path"),
]


@pytest.mark.parametrize(("text", "said"), NO_PLACES)
def test_what_is_no_place_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        parse_place(text)
