"""Damaged inputs of every kind, the same in every run; `make fuzz` looks for new ones."""

from __future__ import annotations

import resource
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.fuzzing import MEGABYTES, SECONDS, TARGETS, corpus, damaged, tried, values_replaced

JSON = {"har", "pact"}
PATIENCE = 10
"""Times the seconds of one input: the machine may be busy, and the processor's time is what is measured."""


def measured(target, data):
    before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried(target, data)
    assert time.process_time() - before < SECONDS * PATIENCE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MEGABYTES * 1024


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_once_dealt_with_badly(target):
    for data in [*TARGETS[target][1](), *corpus(target)]:
        measured(target, data)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=60)
@given(st.data())
def test_damage_is_refused_with_a_word(target, data):
    seed = data.draw(st.sampled_from(TARGETS[target][1]()))
    chance = Random(data.draw(st.integers(0, 2**32)))
    replaces = target in JSON and data.draw(st.booleans())
    measured(target, values_replaced(seed, chance) if replaces else damaged(seed, chance))
