"""Runs the `pact` binary: where it is, its environment, its output."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from interceptor.broker.settings import CREDENTIALS, SECRETS, Broker
from interceptor.values.errors import BrokerError
from interceptor.values.json_text import Json, NotJsonError, parse_json

_OTHERS = (
    "PACT_BROKER_BASE_URL",
    "PACT_BROKER_HTTP_RETRIES",
    "PACT_PROVIDER_BASE_PATH",
    "PACT_PROVIDER_STATE_CHANGE_AS_QUERY",
    "PACT_PROVIDER_STATE_CHANGE_TEARDOWN",
    "PACT_PROVIDER_STATE_CHANGE_URL",
    "PACT_PROVIDER_TRANSPORT",
    "PACT_WEBHOOK_CALLBACK_URL",
)
"""Variables that the client would read in addition to our options, and that could contradict them."""
_FAILED = re.compile(
    r"failed(?:: | with status - )(?P<status>\d{3} [A-Za-z' -]+)(?:\. Response: (?P<said>.*?)(?=\. URL: ))?"
)
_NO_BROKER = re.compile(r"Did not get a valid HAL response body from .*, content type is '(?P<type>[^']*)'")
_NOT_REACHED = re.compile("error sending request")
_NO_RELATION = re.compile(r"Could not find relation 'pf:")
_ADDRESS = "check the URL: PACT_BROKER_BASE_URL must be the one that shows the broker in a browser"
_LOGIN = "check PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD"
REMEDIES = {
    "401": f"{_LOGIN}; PactFlow needs a token; to publish, one with write access",
    "403": "the token lacks the permission: ask for it, or use another token",
    "404": _ADDRESS,
    "5": "the broker, or a proxy in front of it, has a problem: try again later",
}
"""What to do, by the first digits of the status."""
_MOMENT = 5
"""Seconds."""
_DISTRIBUTION = "pact-python-cli"
_FIRST_USABLE = (1, 0, 10)
"""Epoch and version; epoch 0 is the Ruby client, which exits with 0 whatever the broker answers."""
_BINARIES = ("pact", "pact.exe")
_VERSION = re.compile(r"(?:(?P<epoch>\d+)!)?(?P<major>\d+)\.(?P<minor>\d+)")


@dataclass(frozen=True, slots=True)
class ClientOutput:
    """The client's exit code and output, with the secrets it was given masked."""

    code: int
    output: str
    errors: str

    @property
    def reason(self) -> str:
        """Its last error message that is about the task and not about the client's internals."""
        _, cross, complaint = f"{self.output}\n{self.errors}".rpartition("❌")
        said = complaint if cross else self.errors or self.output
        lines = "\n".join(line.rstrip() for line in said.strip().splitlines())
        return lines or f"the client ended with {self.code}"

    @property
    def answer(self) -> Json:
        """The JSON object in its output, or None."""
        for line in self.output.splitlines():
            if line.startswith("{"):
                with suppress(NotJsonError):
                    return parse_json(line.encode())
        return None


def call(
    arguments: Sequence[str],
    broker: Broker | None,
    *,
    seconds: float | None = None,
    idle: Callable[[], float] | None = None,
) -> ClientOutput:
    """Run the client and wait until it exits.

    Args:
        arguments: its arguments, never with a secret: every user of the machine can read them.
        broker: its URL and credentials go into the client's environment; None for work without a broker.
        seconds: the timeout if there is no broker to define one; None for no timeout.
        idle: seconds since the client last waited for another server, if it also talks to one.

    Raises:
        BrokerError: there is no client, or it timed out.
    """
    most = broker.seconds if broker else seconds
    began = time.monotonic()
    waited = idle or (lambda: time.monotonic() - began)
    with subprocess.Popen(  # noqa: S603  # the binary is found by us, and no shell reads the arguments
        [client(), *arguments], env=environment(broker), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            output, errors = _ended(process, most, waited)
        except subprocess.TimeoutExpired as error:
            where = f"the broker at {broker.url}" if broker else "the server of the pact"
            raise silent(where, most) from error
        finally:
            process.kill()
    return ClientOutput(process.returncode, _without_secrets(output, broker), _without_secrets(errors, broker))


def silent(where: str, seconds: float | None) -> BrokerError:
    """The error for a timeout."""
    return BrokerError(f"{where} did not respond within {seconds:g} s", "try again, or allow more time")


def _ended(process: subprocess.Popen[bytes], most: float | None, waited: Callable[[], float]) -> tuple[bytes, bytes]:
    while True:
        try:
            return process.communicate(timeout=None if most is None else max(most - waited(), 0.01))
        except subprocess.TimeoutExpired:
            if most is None or waited() >= most:
                raise


@cache  # one path
def client() -> str:
    """The path of the binary that was installed with this package; a `pact` on the PATH may be a different program.

    Raises:
        BrokerError: it is not installed, or too old.
    """
    remedy = f"pip install '{_DISTRIBUTION}>=1!0.10.9'"
    try:
        installed = distribution(_DISTRIBUTION)
    except PackageNotFoundError as error:
        raise BrokerError("the broker's client, pact, is not installed", remedy) from error
    if _version(installed.version) < _FIRST_USABLE:
        raise BrokerError(f"the broker's client, {_DISTRIBUTION} {installed.version}, is too old", remedy)
    binaries = (Path(str(file.locate())) for file in installed.files or () if file.name in _BINARIES)
    found = next((file.resolve() for file in binaries if file.is_file()), None)
    if found is None:
        raise BrokerError(f"{_DISTRIBUTION} is installed without its program, pact", f"{remedy} --force-reinstall")
    return str(found)


def _version(text: str) -> tuple[int, int, int]:
    """`1!0.10.9` is (1, 0, 10)."""
    found = _VERSION.match(text)
    return (int(found["epoch"] or 0), int(found["major"]), int(found["minor"])) if found else (0, 0, 0)


def environment(broker: Broker | None) -> Mapping[str, str]:
    """Our own environment with the settings of this broker only, and with usage reports switched off."""
    inherited = {name: value for name, value in os.environ.items() if name not in {*_OTHERS, *CREDENTIALS}}
    settings = (
        {
            "PACT_BROKER_BASE_URL": broker.url,
            "PACT_BROKER_HTTP_RETRIES": str(broker.retries),
            **broker.credentials,
        }
        if broker
        else {}
    )
    return {**inherited, **settings, "PACT_DO_NOT_TRACK": "true"}


def unusable(broker: Broker, reason: str) -> BrokerError:
    """The error for a response that no broker gives."""
    why, remedy = explained(reason) or (reason, "check PACT_BROKER_BASE_URL")
    if _NOT_REACHED.search(reason):
        why = ": ".join(filter(None, (why, _obstacle(broker.url))))
    return BrokerError(f"cannot use the broker at {broker.url}: {why}", remedy)


def explained(reason: str) -> tuple[str, str] | None:
    """Why the broker cannot be used at all and what to do about it, if that is what the client reports."""
    if failed := _FAILED.search(reason):
        status, said = failed["status"], failed["said"]
        remedy = next((remedy for start, remedy in REMEDIES.items() if status.startswith(start)), None)
        return (f"{status}: {said}" if said else status, remedy) if remedy else None
    if page := _NO_BROKER.search(reason):
        return f"it answers with {page['type']}, which no broker does", _ADDRESS
    if _NOT_REACHED.search(reason):
        return "it cannot be reached", f"{_ADDRESS}; SSL_CERT_FILE names certificates of your own"
    if _NO_RELATION.search(reason):
        return "it does not accept provider contracts; only PactFlow does", "compare offline instead: interceptor check"
    return None


def _obstacle(url: str) -> str | None:
    """Why we cannot connect to a URL, which the client does not tell; None if we can."""
    try:
        urlopen(url, timeout=_MOMENT).close()  # noqa: S310  # find_broker allows http only
    except URLError as error:
        return None if isinstance(error, HTTPError) else str(error.reason)
    except (OSError, HTTPException, ValueError):
        pass
    return None


def _without_secrets(printed: bytes, broker: Broker | None) -> str:
    text = printed.decode("utf-8", "replace")
    for name in SECRETS:
        if broker and (secret := broker.credentials.get(name)):
            text = text.replace(secret, "***")
    return text
