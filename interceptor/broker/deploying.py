"""Asks the broker which versions work together, and records deployments and releases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from interceptor.broker.client import ClientOutput, call, unusable
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """The version in question: a number, or the latest one of a branch, of the main branch, with a tag, or overall."""

    number: str | None = None
    branch: str | None = None
    main_branch: bool = False
    tag: str | None = None

    @property
    def is_given(self) -> bool:
        return self != VersionChoice()

    def __str__(self) -> str:
        if self.number is not None:
            return self.number
        if self.branch is not None:
            return f"latest of branch {self.branch}"
        if self.main_branch:
            return "latest of the main branch"
        return f"latest with tag {self.tag}" if self.tag else "latest"

    def arguments(self) -> list[str]:
        """The client's options; values are separate arguments, as the client drops those joined with `=`."""
        if self.number is not None:
            return ["--version", self.number]
        if self.branch is not None:
            return ["--branch", self.branch]
        if self.main_branch:
            return ["--main-branch"]
        return ["--latest", "--tag", self.tag] if self.tag else ["--latest"]


@dataclass(frozen=True, slots=True)
class Row:
    """A consumer's and a provider's version, and whether they work together; None if this was not verified."""

    consumer: str
    consumer_version: str | None
    provider: str
    provider_version: str | None
    success: bool | None
    url: str | None = None
    """The URL of the verification result, or of the pact that has none yet."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The broker's answer; `deployable` is None while results are missing."""

    deployable: bool | None
    reasons: tuple[str, ...]
    rows: tuple[Row, ...]


def can_i_deploy(
    broker: Broker,
    participant: str,
    version: VersionChoice,
    environment: str,
    *,
    ignored: Sequence[str] = (),
    times: int,
    interval: float,
    waiting: Callable[[Verdict], None],
) -> Verdict:
    """Ask whether a version works with everything in an environment.

    The client can retry by itself, but would also do so with a wrong token. Its exit code does not help: with
    JSON as output it is 0 for a refusal.

    Args:
        broker: the broker.
        participant: consumer or provider.
        version: of the participant.
        environment: where it is to be deployed.
        ignored: participants whose results do not count.
        times: how often to ask again while results are missing.
        interval: seconds between two attempts.
        waiting: called before each pause.

    Raises:
        BrokerError: no such environment, or a broker that cannot be used.
    """
    arguments = [*_query(participant, version), "--to-environment", environment]
    for name in ignored:
        arguments += ["--ignore", name]
    verdict = _verdict(broker, call(arguments, broker), environment)
    for _ in range(times):
        if verdict.deployable is not None:
            break
        waiting(verdict)
        time.sleep(interval)
        verdict = _verdict(broker, call(arguments, broker), environment)
    return verdict


def matrix(broker: Broker, participant: str, version: VersionChoice, environment: str | None = None) -> Verdict:
    """The versions that a version was verified against: all of them, or those in an environment.

    Raises:
        BrokerError: no such environment, or a broker that cannot be used.
    """
    where = ["--to-environment", environment] if environment else []
    return _verdict(broker, call([*_query(participant, version), *where], broker), environment or "")


def record_deployment(
    broker: Broker,
    participant: str,
    version: str,
    environment: str,
    *,
    instance: str | None = None,
) -> None:
    """Record that a version was deployed to an environment and replaces the previous one.

    Raises:
        BrokerError: no such version, no such environment, or a broker that cannot be used.
    """
    words = ["record-deployment", *(["--application-instance", instance] if instance else [])]
    _record(words, broker, participant, version, environment)


def record_undeployment(broker: Broker, participant: str, environment: str, *, instance: str | None = None) -> None:
    """Tell the broker that no version of a participant is in an environment any more.

    Raises:
        BrokerError: nothing is deployed there, no such environment, or a broker that cannot be used.
    """
    words = ["broker", "record-undeployment", "--pacticipant", participant, "--environment", environment]
    output = call([*words, *(["--application-instance", instance] if instance else []), "--output", "json"], broker)
    if output.code == 0:
        return
    reason = output.reason.lower()
    if "not currently deployed" in reason or "no currently deployed" in reason:
        raise BrokerError(
            f"{participant} is not deployed to {environment}",
            "see what is: interceptor matrix --environment " + environment,
        )
    if f"environment {environment.lower()} not found" in reason:
        raise _no_environment(output, environment)
    raise unusable(broker, output.reason)


def record_release(broker: Broker, participant: str, version: str, environment: str) -> None:
    """Record that a version was released to an environment, where the previous ones stay supported.

    Raises:
        BrokerError: as above.
    """
    _record(["record-release"], broker, participant, version, environment)


def _record(words: Sequence[str], broker: Broker, participant: str, version: str, environment: str) -> None:
    what = ["--pacticipant", participant, "--version", version, "--environment", environment]
    output = call(["broker", *words, *what, "--output", "json"], broker)
    if output.code == 0:
        return
    if "failed: 404" in output.reason and "/versions/" in output.reason:
        raise BrokerError(
            f"the broker does not know version {version} of {participant}",
            "publish it first, or name another one with --version",
        )
    if "environment" in output.reason.lower():
        raise _no_environment(output, environment)
    raise unusable(broker, output.reason)


def _query(participant: str, version: VersionChoice) -> list[str]:
    return ["broker", "can-i-deploy", "--pacticipant", participant, *version.arguments(), "--output", "json"]


def _verdict(broker: Broker, output: ClientOutput, environment: str = "") -> Verdict:
    answer = output.answer
    if answer is None or "summary" not in answer:
        if environment and "environment" in output.reason.lower() and "not exist" in output.reason:
            raise _no_environment(output, environment)
        raise unusable(broker, output.reason)
    return Verdict(
        answer["summary"].get("deployable"),
        tuple(str(notice["text"]) for notice in answer.get("notices", [])),
        tuple(_row(row) for row in answer.get("matrix", [])),
    )


def _row(row: Json) -> Row:
    result = row.get("verificationResult")
    shown = result or row.get("pact") or {}
    return Row(
        row["consumer"]["name"],
        _version(row["consumer"]),
        row["provider"]["name"],
        _version(row["provider"]),
        result.get("success") if result else None,
        shown.get("_links", {}).get("self", {}).get("href"),
    )


def _version(side: Json) -> str | None:
    version = side.get("version")
    return str(version["number"]) if version else None


def _no_environment(output: ClientOutput, environment: str) -> BrokerError:
    return BrokerError(
        output.reason.rstrip("."),
        "list them: interceptor broker -- list-environments; "
        f"or create it: interceptor broker -- create-environment --name {environment}",
    )
