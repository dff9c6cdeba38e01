"""What the broker knows about who works with whom: may a version be deployed, and has it been."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from interceptor.broker.client import ClientOutput, call, unusable
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class Row:
    """One consumer's and one provider's version and whether they work together; None where nobody has tried."""

    consumer: str
    consumer_version: str | None
    provider: str
    provider_version: str | None
    success: bool | None
    url: str | None = None
    """Of the verification's result, or of the pact that waits for one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The broker's answer; `deployable` is None where results are missing."""

    deployable: bool | None
    reasons: tuple[str, ...]
    rows: tuple[Row, ...]


def can_i_deploy(
    broker: Broker,
    participant: str,
    version: str,
    environment: str,
    *,
    times: int,
    interval: float,
    waiting: Callable[[Verdict], None],
) -> Verdict:
    """Ask whether a version works with what is in an environment.

    The client can ask again by itself, but would do so after a wrong token too. Its exit code says nothing here: with
    JSON as output it is 0 for a refusal.

    Args:
        broker: whom to ask.
        participant: consumer or provider.
        version: of the participant.
        environment: where it is to go.
        times: how often to ask again while results are missing.
        interval: seconds between two questions.
        waiting: called before each pause.

    Raises:
        BrokerError: no such environment, or a broker that cannot be used.
    """
    arguments = [*_query(participant, version), "--to-environment", environment]
    verdict = _verdict(broker, call(arguments, broker), environment)
    for _ in range(times):
        if verdict.deployable is not None:
            break
        waiting(verdict)
        time.sleep(interval)
        verdict = _verdict(broker, call(arguments, broker), environment)
    return verdict


def matrix(broker: Broker, participant: str, version: str | None) -> Verdict:
    """What the broker knows about a version, or the latest one, and every version it has been verified with.

    Raises:
        BrokerError: a broker that cannot be used.
    """
    return _verdict(broker, call(_query(participant, version), broker))


def record_deployment(
    broker: Broker,
    participant: str,
    version: str,
    environment: str,
    *,
    instance: str | None = None,
) -> None:
    """Tell the broker that a version is now in an environment.

    Raises:
        BrokerError: no such version, no such environment, or a broker that cannot be used.
    """
    arguments = ["broker", "record-deployment", "--pacticipant", participant, "--version", version]
    arguments += ["--environment", environment, "--output", "json"]
    if instance:
        arguments += ["--application-instance", instance]
    output = call(arguments, broker)
    if output.code == 0:
        return
    if f"versions/{version}' failed: 404" in output.reason:
        raise BrokerError(
            f"the broker does not know version {version} of {participant}",
            "publish it first, or name another one with --version",
        )
    if "environment" in output.reason.lower():
        raise _no_environment(output, environment)
    raise unusable(broker, output.reason)


def _query(participant: str, version: str | None) -> list[str]:
    """The version stands apart from its option: the client loses what is joined to it with `=`."""
    which = ["--version", version] if version else ["--latest"]
    return ["broker", "can-i-deploy", "--pacticipant", participant, *which, "--output", "json"]


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
        f"list them: interceptor broker -- list-environments; "
        f"or make it: interceptor broker -- create-environment --name {environment}",
    )
