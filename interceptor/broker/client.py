"""The `pact` binary as a process: where it is, what it may know, what it said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interceptor.broker.settings import CREDENTIALS, SECRETS, Broker
from interceptor.errors import BrokerError

_CALLBACK = "PACT_WEBHOOK_CALLBACK_URL"
"""It would make the verifier fetch a pact that nobody named."""
CHECK = "check PACT_BROKER_BASE_URL, and PACT_BROKER_TOKEN or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD"


@dataclass(frozen=True, slots=True)
class Said:
    """How the client ended and what it printed, without the secrets it was given."""

    code: int
    output: str
    errors: str

    @property
    def reason(self) -> str:
        """Its last complaint, the one that says nothing of how the client is made."""
        _, cross, complaint = f"{self.output}\n{self.errors}".rpartition("❌")
        said = complaint if cross else self.errors or self.output
        lines = "\n".join(line.rstrip() for line in said.strip().splitlines())
        return lines or f"the client ended with {self.code}"


def call(words: Sequence[str], broker: Broker | None, *, seconds: float) -> Said:
    """Run the client to its end.

    Args:
        words: its arguments; no secret is ever among them, since everyone on the machine can read them.
        broker: whose address and credentials the client finds in its environment; None for work without a broker.
        seconds: after which it is stopped.

    Raises:
        BrokerError: where there is no client, or it does not come to an end.
    """
    try:
        done = subprocess.run(  # noqa: S603  # the binary is found by us, and no shell reads the arguments
            [client(), *words], env=environment(broker), capture_output=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        where = f"the broker at {broker.url}" if broker else "the client"
        raise BrokerError(f"{where} gave no answer within {seconds:g} s", "try again, or give it more time") from error
    return Said(done.returncode, _without_secrets(done.stdout, broker), _without_secrets(done.stderr, broker))


def client() -> str:
    """The path of the binary.

    Raises:
        BrokerError: it is not installed.
    """
    found = shutil.which("pact", path=sysconfig.get_path("scripts")) or shutil.which("pact")
    if found is None:
        raise BrokerError("the client of the broker, pact, is not installed", "pip install pact-python-cli")
    return found


def environment(broker: Broker | None) -> Mapping[str, str]:
    """Our own variables, with the settings of this broker and of no other, and without usage reports."""
    ours = {"PACT_BROKER_BASE_URL", _CALLBACK, *CREDENTIALS}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    settings = {"PACT_BROKER_BASE_URL": broker.url, **broker.credentials} if broker else {}
    return {**inherited, **settings, "PACT_DO_NOT_TRACK": "true"}


def unusable(broker: Broker, said: Said) -> BrokerError:
    """What to raise where the broker did not do what every broker does."""
    return BrokerError(f"cannot use the broker at {broker.url}: {said.reason}", CHECK)


def _without_secrets(printed: bytes, broker: Broker | None) -> str:
    text = printed.decode("utf-8", "replace")
    for name in SECRETS:
        if broker and (secret := broker.credentials.get(name)):
            text = text.replace(secret, "***")
    return text
