"""What a verification found, from the verifier's report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from interceptor.values.json_text import Json

VerifiedOutcome: TypeAlias = Literal["ok", "failed", "pending"]
_TITLE = "Verifying a pact between "
_STATES = ("     Given ", "     And ")
_STATE_FAILED = "state change handlers has failed"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m|\\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class VerifiedInteraction:
    """One interaction: `pending` means that it failed and that nobody has to worry yet."""

    description: str
    outcome: VerifiedOutcome
    consumer: str | None = None
    version: str | None = None
    """Of the consumer; only a broker knows it."""
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
    report: Json, provider: str, versions: Sequence[str], problems: Problems, hidden: Callable[[str], str]
) -> tuple[VerifiedInteraction, ...]:
    """The interactions of the verifier's JSON report.

    Args:
        report: the JSON.
        provider: its name, which stands in the titles of pacts and errors.
        versions: of the consumer, one for each pact, as far as known.
        problems: what went wrong between the verifier and the provider.
        hidden: a text without secrets, which the provider's answers may hold.
    """
    failures: list[tuple[Json, VerifiedOutcome]] = [(error, "failed") for error in report.get("errors", [])]
    failures += [(error, "pending") for error in report.get("pendingErrors", [])]
    output = VerifierOutput(report.get("output", []), provider, versions)
    found: list[VerifiedInteraction] = []
    for result in report.get("interactionResults", []):
        one = output.interaction(result["description"])
        if result["result"] == "OK":
            found.append(one)
        elif own := next((each for each in failures if each[0]["interaction"].endswith(f" - {one.description}")), None):
            failures.remove(own)
            found.append(_failed(one, *own, problems))
        else:
            found.append(replace(one, outcome="failed", reasons=("the verifier does not say why",)))
    for error, outcome in failures:
        found.append(_failed(VerifiedInteraction(error["interaction"], outcome), error, outcome, problems))
    return tuple(replace(each, reasons=tuple(map(hidden, each.reasons))) for each in found)


class VerifierOutput:
    """The lines that the verifier prints, which name the consumer and the states of each interaction, in order.

    Verifying a pact between Site and API
      a request for product 10 (0s loading, 12ms verification)
         Given product 10 exists
         And the shop is open
        returns a response which
    """

    def __init__(self, lines: Sequence[str], provider: str, versions: Sequence[str]) -> None:
        self._lines = list(lines)
        self._end = f" and {provider}"
        self._versions = iter(versions)
        self._consumer: str | None = None
        self._version: str | None = None
        self._next = 0

    def interaction(self, description: str) -> VerifiedInteraction:
        """The next interaction, which has this description, as one that passed."""
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if line.lstrip("\n").startswith(_TITLE):
                self._consumer = line.lstrip("\n").removeprefix(_TITLE).removesuffix(self._end)
                self._version = next(self._versions, None) or None
            elif line.startswith(f"  {description}"):
                break
        given = " and ".join(self._states()) or None
        return VerifiedInteraction(description, "ok", self._consumer, self._version, given)

    def _states(self) -> Iterator[str]:
        for line in self._lines[self._next :]:
            if not line.startswith(_STATES):
                return
            yield line.strip().partition(" ")[2]


def _failed(one: VerifiedInteraction, error: Json, outcome: VerifiedOutcome, problems: Problems) -> VerifiedInteraction:
    reasons = tuple(_reasons(error["mismatch"], problems, one.given or ""))
    return replace(one, outcome=outcome, reasons=reasons)


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
