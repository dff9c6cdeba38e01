"""Every kind of `planted.py` is masked, but for those that are kept for a reason; and ordinary values are not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from interceptor.redaction.names import is_secret_name
from interceptor.redaction.redactor import Redactor
from interceptor.values.place import leaves
from tests.exchanges import exchange
from tests.redaction.planted import KEPT, planted

ROOT = Path(__file__).parents[2]
LEAST_KINDS, LEAST_MASKED = 560, 555


def told(noted) -> Iterator[str]:
    """All that a journal has of an exchange, in every spelling that it may be read in."""
    text = repr(noted).replace("\\\\n", "\n").replace("\\n", "\n").replace("\\u005f", "_")
    yield from (text, unquote(text), unquote(unquote(text)))
    for encoding in ("latin-1", "utf-16-le", "utf-16-be", "utf-32"):
        yield noted.request.body.decode(encoding, "ignore")


def test_what_is_planted_is_masked():
    kinds = dict(planted())
    left = {
        kind for kind, each in kinds.items() if any(each.secret in text for text in told(Redactor()(each.exchange)))
    }
    assert left == {f"place: {place}" for place in KEPT}
    assert len(kinds) >= LEAST_KINDS
    assert len(kinds) - len(left) >= LEAST_MASKED


def test_each_kind_holds_what_must_not_be_left():
    for kind, each in planted():
        assert kind.startswith("place: ") or any(each.secret in text for text in told(each.exchange)), kind


def test_what_is_masked_once_is_left_as_it_is():
    redact = Redactor()
    for kind, each in planted():
        once = redact(each.exchange)
        assert redact(once).request == once.request, kind


def test_of_ordinary_values_at_most_one_in_a_hundred_is_masked():
    """The pacts and recordings of the examples and of the tests, but for values under names of secrets."""
    total = masked = 0
    for file in sorted([*(ROOT / "examples").rglob("*.json"), *(ROOT / "tests").rglob("*.json")]):
        value = json.loads(file.read_text(encoding="utf-8"))
        before = list(leaves(value))
        after = list(leaves(Redactor(largest_body=1 << 30)(exchange("POST /a", body=value)).request.json))
        if len(before) != len(after):
            continue  # a name was masked
        for (place, was), (_, now) in zip(before, after, strict=True):
            total += 1
            masked += was != now and not any(map(is_secret_name, place.replace("[", ".").split(".")))
    assert total > 3000
    assert masked * 100 <= total
