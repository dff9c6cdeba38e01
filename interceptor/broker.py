"""The broker, through its real client: the `pact` binary, which gets one validated pact at a time.

One at a time because the client publishes any JSON in a folder, stops everything at a broken file, and takes no
globs that it says it takes; because a refusal of one pact then says nothing about the others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from interceptor.errors import BrokerError, PactError, UsageError
from interceptor.messages import Json

_SECRETS = ("PACT_BROKER_TOKEN", "PACT_BROKER_PASSWORD")
_CREDENTIALS = (*_SECRETS, "PACT_BROKER_USERNAME")
_ATTEMPT = "Attempting to publish pact"
"""The client says this once it has read the broker's index; what fails before concerns no single pact."""


@dataclass(frozen=True, slots=True)
class PactFile:
    """A pact on disk that is fit to be published."""

    file: Path
    consumer: str
    provider: str


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how to log in; the credentials go to the client through its environment only."""

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Publication:
    """Under what the pacts are published."""

    version: str
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None
    merge: bool = False
    retries: int = 2


@dataclass(frozen=True, slots=True)
class Published:
    """What the broker made of one pact."""

    pact: PactFile
    outcome: Literal["created", "unchanged", "refused"]
    url: str | None = None
    """Where the broker shows it."""
    reason: str | None = None
    """Why it was refused, in the broker's words."""


def find_broker(environ: Mapping[str, str]) -> Broker:
    """The broker that the environment names, by the variables that the client reads too.

    `PACT_BROKER_HOST` is the host alone. A user and a password inside the address are taken out of it, since the
    client prints addresses.

    Raises:
        UsageError: where no variable names a broker, or not with an http address.
    """
    given = environ.get("PACT_BROKER_BASE_URL") or environ.get("PACT_BROKER_HOST")
    if not given:
        raise UsageError(
            "there is no broker to publish to: set PACT_BROKER_BASE_URL, for example to https://broker.example.com"
        )
    parts = urlsplit(given if "://" in given else f"https://{given}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError("PACT_BROKER_BASE_URL is not an http address", "write for example https://broker.example.com")
    credentials = {name: environ[name] for name in _CREDENTIALS if environ.get(name)}
    if parts.username:
        credentials["PACT_BROKER_USERNAME"] = unquote(parts.username)
        credentials["PACT_BROKER_PASSWORD"] = unquote(parts.password or "")
    if "PACT_BROKER_TOKEN" in credentials:
        credentials = {"PACT_BROKER_TOKEN": credentials["PACT_BROKER_TOKEN"]}
    address = (parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", "")
    return Broker(urlunsplit(address), credentials)


def read_pacts(folder: Path) -> list[PactFile]:
    """Every `*.json` of a folder as a pact, in the order of the names.

    Raises:
        PactError: that names each file that is no pact, two files of one pair, or a folder without pacts.
    """
    pacts: list[PactFile] = []
    wrong: list[str] = []
    pairs: dict[tuple[str, str], str] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            pact = _pact(file)
        except (ValueError, RecursionError) as error:
            wrong.append(f"{file.name}: {error}")
            continue
        other = pairs.setdefault((pact.consumer, pact.provider), file.name)
        if other != file.name:
            wrong.append(f"{file.name}: a pact of the same consumer and provider as {other}")
        pacts.append(pact)
    if wrong:
        raise PactError(
            f"{folder.name} holds what cannot be published\n" + "\n".join(wrong),
            "correct or remove these files, or export the pacts again",
        )
    if not pacts:
        raise PactError(f"there are no pacts in {folder.name}", "make some first: interceptor run -- COMMAND")
    return pacts


def publish(pact: PactFile, broker: Broker, publication: Publication) -> Published:
    """Hand one pact to the broker.

    Raises:
        BrokerError: where the broker cannot be used at all: not there, no access, not a broker.
    """
    done = subprocess.run(  # noqa: S603  # the binary is found by us, and no shell reads the arguments
        [_client(), "broker", "publish", str(pact.file.resolve()), *_options(publication)],
        env=_environment(broker),
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    for name in _SECRETS:
        if secret := broker.credentials.get(name):
            said = said.replace(secret, "***")
    if done.returncode == 0:
        return _accepted(pact, said)
    if _ATTEMPT not in said:
        raise BrokerError(
            f"cannot use the broker at {broker.url}: {_reason(said) or f'the client ended with {done.returncode}'}",
            "check PACT_BROKER_BASE_URL, and PACT_BROKER_TOKEN or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD",
        )
    return Published(pact, "refused", reason=_reason(said))


def _pact(file: Path) -> PactFile:
    document: Json = json.loads(file.read_bytes())
    if not isinstance(document, dict):
        raise ValueError("not a pact: it is not a JSON object")
    if not isinstance(document.get("interactions"), list):
        raise ValueError("not a pact: interactions is missing")
    return PactFile(file, _name(document, "consumer"), _name(document, "provider"))


def _name(document: Json, role: str) -> str:
    member = document.get(role)
    name = member.get("name") if isinstance(member, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"not a pact: {role}.name is missing")
    return name


def _client() -> str:
    found = shutil.which("pact", path=sysconfig.get_path("scripts")) or shutil.which("pact")
    if found is None:
        raise BrokerError("the client of the broker, pact, is not installed", "pip install pact-python-cli")
    return found


def _options(publication: Publication) -> list[str]:
    """Joined with `=`, since a value may begin with a dash; tags in one option, since the client takes one."""
    options = [
        f"--consumer-app-version={publication.version}",
        f"--retries={publication.retries}",
        "--output=json",
    ]
    if publication.branch:
        options.append(f"--branch={publication.branch}")
    if publication.tags:
        options.append(f"--tag={','.join(publication.tags)}")
    if publication.build_url:
        options.append(f"--build-url={publication.build_url}")
    if publication.merge:
        options.append("--merge")
    return options


def _environment(broker: Broker) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _CREDENTIALS}
    return {
        **inherited,
        **broker.credentials,
        "PACT_BROKER_BASE_URL": broker.url,
        "PACT_DO_NOT_TRACK": "true",
    }


def _accepted(pact: PactFile, said: str) -> Published:
    answer: Json = next((json.loads(line) for line in said.splitlines() if line.startswith("{")), {})
    notices = [str(notice.get("text")) for notice in answer.get("notices", [])]
    unchanged = any("no content changes" in notice for notice in notices)
    links = answer.get("_links", {}).get("pb:contracts") or [{}]
    return Published(pact, "unchanged" if unchanged else "created", url=links[0].get("href"))


def _reason(said: str) -> str:
    """What the client says behind its cross; a refusal's `Details` say the same again, and then what differs."""
    _, _, reason = said.partition("❌")
    _, _, details = reason.partition("Details:\n")
    return "\n".join(line.rstrip() for line in (details or reason).strip().splitlines())
