"""Matching rules, neutral of any specification: one rule at one place, and the table of their kinds.

The table `KINDS` says since which specification a kind exists and in which parts of a message it works.
The specifications: https://github.com/pact-foundation/pact-specification (version-2, version-3, version-4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from interceptor.values.lean import lean
from interceptor.values.place import Place, Step
from interceptor.values.uuids import UUID_REGEX

RulePart: TypeAlias = Literal["body", "header", "query", "path", "status"]

_SEMVER_REGEX = r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"


@lean(frozen=True, slots=True)
class Rule:
    """One matching rule at one place.

    `at` is a canonical body path, a header's name in lower case, a query parameter's name, or empty for path and
    status. `value` is what the kind needs: a pattern, a format, a text, `(min, max)`, a class of status codes.
    """

    part: RulePart
    at: str
    kind: str
    value: Any = None

    @property
    def place(self) -> str:
        """The place as it is written in a handler: `$.id`, `header.location`, `path`."""
        return self.at if self.part == "body" else str(Place(self.part, self.at or None))


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A row of the table: since which specification, in which parts, and the same thing as a regular expression."""

    since: int | None
    parts: frozenset[RulePart]
    regex: str | None = None


_TEXTS: frozenset[RulePart] = frozenset({"body", "header", "query"})
_BODY: frozenset[RulePart] = frozenset({"body"})

KINDS: Mapping[str, RuleKind] = {
    "type": RuleKind(2, _TEXTS),
    "regex": RuleKind(2, _TEXTS | {"path"}),
    "each": RuleKind(2, _BODY),
    "integer": RuleKind(3, _TEXTS, r"-?\d+"),
    "decimal": RuleKind(3, _TEXTS, r"-?\d+(\.\d+)?"),
    "number": RuleKind(3, _TEXTS, r"-?\d+(\.\d+)?([eE][+-]?\d+)?"),
    "boolean": RuleKind(3, _TEXTS, "true|false"),
    "null": RuleKind(3, _BODY),
    "include": RuleKind(3, _TEXTS | {"path"}),
    "equality": RuleKind(3, _TEXTS | {"path"}),
    "date": RuleKind(3, _TEXTS),
    "time": RuleKind(3, _TEXTS),
    "datetime": RuleKind(3, _TEXTS),
    "not_empty": RuleKind(4, _TEXTS, r"[\s\S]+"),
    "semver": RuleKind(4, _TEXTS, _SEMVER_REGEX),
    "status": RuleKind(4, frozenset({"status"})),
    # `{"match": "uuid"}` is in no specification; verifiers load it and never match it.
    "uuid": RuleKind(None, frozenset(), UUID_REGEX),
}


def is_addressable(steps: Sequence[Step]) -> bool:
    """False for a way through a member without a name, or with a ' in it: the Pact tools refuse the whole pact."""
    return not any(isinstance(step, str) and (not step or "'" in step) for step in steps)


def escape(text: str) -> str:
    """`text` as a pattern that matches just it, in the regular expressions of Ruby, Java and Rust alike."""
    return re.sub(r"[\\^$.|?*+()\[\]{}]", r"\\\g<0>", text)
