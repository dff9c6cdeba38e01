"""The provider states that pacts require."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from interceptor.pact.read import Pact
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class RequiredState:
    """A state, every set of parameters it comes with, and the descriptions of the interactions that require it."""

    name: str
    params: tuple[Mapping[str, Json], ...]
    interactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequiredStates:
    """What one consumer requires of one provider; `without` lists the interactions that need no state."""

    consumer: str
    provider: str
    states: tuple[RequiredState, ...]
    without: tuple[str, ...]


def required_states(pacts: Iterable[Pact]) -> list[RequiredStates]:
    """The states of each pact, sorted by name; the pacts sorted by consumer and provider."""
    return [_of_pact(pact) for pact in sorted(pacts, key=lambda pact: (pact.consumer, pact.provider))]


def _of_pact(pact: Pact) -> RequiredStates:
    params: dict[str, list[Mapping[str, Json]]] = {}
    users: dict[str, list[str]] = {}
    for interaction in pact.interactions:
        for name, values in interaction.states:
            if values not in params.setdefault(name, []):
                params[name].append(values)
            users.setdefault(name, []).append(interaction.description)
    states = (RequiredState(name, tuple(params[name]), tuple(users[name])) for name in sorted(params))
    without = tuple(each.description for each in pact.interactions if not each.states)
    return RequiredStates(pact.consumer, pact.provider, tuple(states), without)
