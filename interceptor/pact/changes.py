"""What has changed between two versions of a pact, and whether a provider could notice.

Both are compared as they are read, so that it does not matter in which specification each is written. A provider
notices what it is asked, and every expectation that is not surely looser than before; it cannot notice another example
under the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from interceptor.pact.expectations import Expectation, is_looser, is_same, request_parts, response_parts
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
    """One interaction that is new, gone, or another than before; `interaction` is as it is now, or was."""

    kind: Literal["added", "removed", "changed"]
    interaction: PactInteraction
    fields: tuple[FieldChange, ...] = ()

    @property
    def is_noticeable(self) -> bool:
        return self.kind == "added" or any(each.is_noticeable for each in self.fields)


def changes(before: Pact | None, after: Pact) -> list[InteractionChange]:
    """Every interaction that differs; all of them are new where there was no pact before.

    Interactions are the same by description and states; of those left over, by method, path and states, and of those
    by description.
    """
    old = list(before.interactions) if before else []
    new = list(after.interactions)
    pairs = [pair for key in (_by_name, _by_question, _by_description) for pair in _pairs(old, new, key)]
    fields = [(now, tuple(_fields(was, now))) for was, now in pairs]
    found = [InteractionChange("changed", now, differing) for now, differing in fields if differing]
    found += [InteractionChange("added", each) for each in new]
    found.sort(key=lambda each: each.interaction.index)
    return found + [InteractionChange("removed", each) for each in old]


def _pairs(
    old: list[PactInteraction], new: list[PactInteraction], key: Callable[[PactInteraction], Hashable]
) -> Iterator[tuple[PactInteraction, PactInteraction]]:
    """The pairs of one key, taken out of both lists."""
    for now in tuple(new):
        was = next((each for each in old if key(each) == key(now)), None)
        if was is not None:
            old.remove(was)
            new.remove(now)
            yield was, now


def _by_name(each: PactInteraction) -> Hashable:
    return each.description, _states(each)


def _by_question(each: PactInteraction) -> Hashable:
    return each.method, each.path, _states(each)


def _by_description(each: PactInteraction) -> Hashable:
    return each.description


def _states(each: PactInteraction) -> str:
    return "; ".join(f"{name} {dict(params)}" if params else name for name, params in each.states)


def _fields(was: PactInteraction, now: PactInteraction) -> Iterator[FieldChange]:
    if was.description != now.description:
        yield FieldChange("description", Expectation(was.description), Expectation(now.description), "none")
    if _states(was) != _states(now):
        yield FieldChange("states", Expectation(_states(was)), Expectation(_states(now)), "asked")
    for place, before, after in _differing(request_parts(was), request_parts(now)):
        yield FieldChange(place, before, after, "asked")
    for place, before, after in _differing(response_parts(was), response_parts(now)):
        yield FieldChange(place, before, after, _effect(before, after))


def _differing(
    before: dict[str, Expectation], after: dict[str, Expectation]
) -> Iterator[tuple[str, Expectation | None, Expectation | None]]:
    for place in dict.fromkeys([*before, *after]):
        was, now = before.get(place), after.get(place)
        if was is None or now is None or was.written() != now.written():
            yield place, was, now


def _effect(before: Expectation | None, after: Expectation | None) -> Effect:
    if after is None:
        return "looser"
    if before is None:
        return "stricter"
    if is_same(before, after):
        return "none"
    return "looser" if is_looser(before, after) else "stricter"
