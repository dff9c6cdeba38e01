"""What has changed between two versions of a pact, and whether a provider could notice.

Both are compared as they are read, so that it does not matter in which specification each is written. A provider
notices what it is asked, and every expectation that is stricter than before; it cannot notice another example under
the same rule, nor an expectation that has become looser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from interceptor.pact.expectations import Expectation, expectations, is_looser, request_parts
from interceptor.pact.read import Pact, PactInteraction

Effect: TypeAlias = Literal["asked", "stricter", "looser", "none"]
"""On the provider: it is asked something else, has to give more, may give more freely, or nothing changes for it."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One place of an interaction; None is where there was nothing, or there is nothing any more."""

    place: str
    before: Expectation | None
    after: Expectation | None
    effect: Effect

    @property
    def is_noticeable(self) -> bool:
        return self.effect in {"asked", "stricter"}


@dataclass(frozen=True, slots=True)
class InteractionChange:
    """One interaction that is new, gone, or another than before."""

    kind: Literal["added", "removed", "changed"]
    interaction: PactInteraction
    """As it is now, or was."""
    fields: tuple[FieldChange, ...] = ()

    @property
    def is_noticeable(self) -> bool:
        return self.kind == "added" or any(each.is_noticeable for each in self.fields)


def changes(before: Pact | None, after: Pact) -> list[InteractionChange]:
    """Every interaction that differs; all of them are new where there was no pact before.

    Interactions are the same by description and states; of what is left over, by method, path and states.
    """
    old = list(before.interactions) if before else []
    new = list(after.interactions)
    pairs = [*_pairs(old, new, _by_name), *_pairs(old, new, _by_question)]
    changed = [
        InteractionChange("changed", now, fields) for was, now in pairs if (fields := tuple(_fields(was, now)))
    ]
    found = [
        *changed,
        *(InteractionChange("added", each) for each in new),
        *(InteractionChange("removed", each) for each in old),
    ]
    return sorted(found, key=lambda each: (each.kind == "removed", each.interaction.index))


def _pairs(
    old: list[PactInteraction], new: list[PactInteraction], key: type[_ByName]
) -> Iterator[tuple[PactInteraction, PactInteraction]]:
    for now in tuple(new):
        was = next((each for each in old if key(each) == key(now)), None)
        if was is not None:
            old.remove(was)
            new.remove(now)
            yield was, now
