"""What a verification found, from the verifier's report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from interceptor.values.json_text import Json

VerifiedOutcome: TypeAlias = Literal["ok", "failed", "pending"]
_TITLE = "Verifying a pact between "
_STATE_FAILED = "state change handlers has failed"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m|\\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class VerifiedInteraction:
    """One interaction: `pending` means that it failed and that nobody has to worry yet."""

    description: str
    outcome: VerifiedOutcome
    consumer: str | None = None
    given: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was checked, and what became of the result."""

    provider: str
    checked: tuple[VerifiedInteraction, ...]
    notices: tuple[str, ...] = ()
    published: bool = False
    unpublished_because: str | None = None

    @property
    def success(self) -> bool:
        return not self.count("failed") and self.unpublished_because is None

    def count(self, outcome: VerifiedOutcome) -> int:
        return sum(each.outcome == outcome for each in self.checked)


@dataclass(frozen=True, slots=True)
class Problems:
    """What the verifier does not say: why a target got no answer, and why a provider state could not be set up."""

    targets: Mapping[str, str]
    states: Mapping[str, str]


def checked(
    report: Json, provider: str, problems: Problems, hidden: Callable[[str], str]
) -> tuple[VerifiedInteraction, ...]:
    """The interactions of the verifier's JSON report.

    Args:
        report: the JSON.
        provider: its name, which stands in the titles of errors.
        problems: what went wrong between the verifier and the provider.
        hidden: a text without secrets, which the provider's answers may hold.
    """
    failures: list[tuple[Json, VerifiedOutcome]] = [(error, "failed") for error in report.get("errors", [])]
    failures += [(error, "pending") for error in report.get("pendingErrors", [])]
    found: list[VerifiedInteraction] = []
    for result in report.get("interactionResults", []):
        description = result["description"]
        if result["result"] == "OK":
            found.append(VerifiedInteraction(description, "ok"))
        elif own := next((each for each in failures if each[0]["interaction"].endswith(f" - {description}")), None):
            failures.remove(own)
            found.append(_failed(*own, provider, problems, description))
        else:
            found.append(VerifiedInteraction(description, "failed", reasons=("the verifier does not say why",)))
    found += [_failed(error, outcome, provider, problems, error["interaction"]) for error, outcome in failures]
    return tuple(replace(each, reasons=tuple(map(hidden, each.reasons))) for each in found)


def _failed(
    error: Json, outcome: VerifiedOutcome, provider: str, problems: Problems, description: str
) -> VerifiedInteraction:
    """One failure; its title is `Verifying a pact between Site and API Given a state - a description`."""
    head = error["interaction"].removesuffix(f" - {description}")
    consumer, between, given = head.removeprefix(_TITLE).partition(f" and {provider}")
    return VerifiedInteraction(
        description,
        outcome,
        consumer=consumer if between else None,
        given=given.removeprefix(" Given ") or None,
        reasons=tuple(_reasons(error["mismatch"], problems, given)),
    )


def _reasons(mismatch: Json, problems: Problems, given: str) -> Iterator[str]:
    for each in mismatch.get("mismatches", []):
        match each["type"]:
            case "BodyMismatch":
                yield f"body {each['path']}: {each['mismatch']}"
            case "HeaderMismatch":
                yield f"header {each['key']}: {each['mismatch']}"
            case "StatusMismatch":
                yield f"status: {each['mismatch']}"
            case _:
                yield str(each["mismatch"])
    message = _COLOUR.sub("", mismatch.get("message") or "")
    if _STATE_FAILED in message:
        failed = [f"provider state {name}: {why}" for name, why in problems.states.items() if name in given]
        yield from failed or [message]
    elif message:
        yield next((problem for target, problem in problems.targets.items() if f"{target})" in message), message)
