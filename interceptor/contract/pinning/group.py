"""Finds the slots that share a value, which make one class, in memory that does not grow with the exchanges.

Timestamps with the same distance to their own exchanges are in one class, too.

Exchanges are gathered by their skeletons, and settled once there are many. What is settled leaves its classes behind,
and its values for as long as it takes to settle as many again: so what a value refers to is found exactly among
`MOST_GATHERED` exchanges, and beyond that wherever two that share a value are not further apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from interceptor.contract.pinning.made import MADE, identifies
from interceptor.contract.pinning.timestamps import distance, is_coarse
from interceptor.pact.document import Interaction

MOST_GATHERED = 20_000
"""Exchanges with volatile values of their own, between one consumer and one provider."""

Slots: TypeAlias = tuple[str, ...]
"""The volatile values of an interaction, in slot order."""
Distances: TypeAlias = tuple[str, ...]
"""Per slot of a coarse form, what its timestamp shares with others as far from their own exchanges, or nothing."""
Occurrence: TypeAlias = tuple[Slots, Distances]
Literals: TypeAlias = tuple[str | None, ...]
"""Per slot, the value that a handler says literally and that stays there, or None where it varies."""
ValueOrigin: TypeAlias = tuple[str, str]
"""A test and a handler."""


@dataclass(slots=True, eq=False)
class ValuePlace:
    """A slot; its root stands for the class that it belongs to, and only the root knows what was seen there."""

    above: ValuePlace | None = None
    first: str | None = None
    varies: bool = False

    def root(self) -> ValuePlace:
        """The place that stands for the whole class."""
        if self.above is None:
            return self
        root = self.above
        while root.above is not None:
            root = root.above
        self.above = root
        return root

    def join(self, other: ValuePlace) -> None:
        """Merge two classes."""
        one, two = self.root(), other.root()
        if one is not two:
            two.above = one
            one.varies = one.varies or two.varies or one.first != two.first

    def note(self, values: set[str]) -> None:
        """Note that some values were seen here."""
        root = self.root()
        first = root.first or next(iter(values))
        root.varies = root.varies or values != {first}
        root.first = first

    def constant(self) -> str | None:
        """The only value seen in the class; None if there were several."""
        root = self.root()
        return None if root.varies else root.first


@dataclass(slots=True)
class Variant:
    """A skeleton under one choice of literals."""

    literals: Literals
    places: tuple[ValuePlace, ...]
    origins: set[ValueOrigin] = field(default_factory=set)


@dataclass(slots=True)
class Group:
    """All exchanges that have one skeleton."""

    skeleton: Interaction
    forms: tuple[str, ...]
    """Of its slots."""
    coarse: tuple[int, ...] = field(init=False)
    """The slots whose form is coarse."""
    gathered: dict[ValueOrigin, set[Occurrence]] = field(default_factory=dict)
    """What is not settled yet."""
    variants: dict[Literals, Variant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.coarse = tuple(slot for slot, form in enumerate(self.forms) if is_coarse(form.removeprefix(MADE)))

    def gather(self, slots: Slots, at: str, origin: ValueOrigin) -> int:
        """Take the values of an exchange at some time; returns how many more are to be settled, one or none."""
        gathered = self.gathered.setdefault(origin, set())
        before = len(gathered)
        distances = [distance(self.forms[slot].removeprefix(MADE), slots[slot], at) for slot in self.coarse]
        gathered.add((slots, tuple(distances)))
        return len(gathered) - before

    def variant(self, literals: Literals) -> Variant:
        variant = self.variants.get(literals)
        if variant is None:
            variant = self.variants[literals] = Variant(literals, tuple(ValuePlace() for _ in literals))
        return variant


class SharedValues:
    """The places where values were seen, as long as they are remembered."""

    def __init__(self) -> None:
        self._seen: dict[str, ValuePlace] = {}
        self._seen_before: dict[str, ValuePlace] = {}

    def settle(self, groups: Iterable[Group], literal: set[str]) -> None:
        """Sort what the groups have gathered into variants, and join the places that share a value.

        Args:
            groups: all groups; they are empty afterwards.
            literal: the literal values of handlers, in lower case.
        """
        self._seen, self._seen_before = {}, self._seen
        for group in groups:
            for origin, gathered in group.gathered.items():
                for literals, seen in _by_literals(gathered, literal, group.forms).items():
                    variant = group.variant(literals)
                    variant.origins.add(origin)
                    self._note(group, variant, seen)
            group.gathered.clear()

    def _note(self, group: Group, variant: Variant, seen: Collection[Occurrence]) -> None:
        # Column by column, as there may be thousands of rows.
        columns = zip(*(slots for slots, _ in seen), strict=True)
        for kept, form, place, values in zip(variant.literals, group.forms, variant.places, columns, strict=False):
            if kept is None:
                place.note(set(values))
                self._join(place, {value.lower() for value in set(values) if identifies(form, value)})
        for slot, distances in zip(group.coarse, zip(*(distances for _, distances in seen), strict=True), strict=False):
            if variant.literals[slot] is None:
                self._join(variant.places[slot], set(distances) - {""})

    def _join(self, place: ValuePlace, keys: set[str]) -> None:
        for key in keys:
            other = self._seen.setdefault(key, place)
            if other is place:
                other = self._seen_before.get(key, place)
            if other is not place:
                place.join(other)


def _by_literals(
    gathered: set[Occurrence], literal: set[str], forms: tuple[str, ...]
) -> Mapping[Literals, Collection[Occurrence]]:
    """What was seen, by the literals that are among the values."""
    if literal.isdisjoint(value.lower() for slots, _ in gathered for value in slots):
        some, _ = next(iter(gathered))
        return {(None,) * len(some): gathered}
    found: dict[Literals, list[Occurrence]] = {}
    for slots, distances in gathered:
        literals = tuple(
            value if value.lower() in literal and not form.startswith(MADE) else None
            for value, form in zip(slots, forms, strict=True)
        )
        found.setdefault(literals, []).append((slots, distances))
    return found
