"""Pacts to the broker, one validated file at a time.

One at a time because the client publishes any JSON in a folder, stops everything at a broken file, and takes no
globs that it says it takes; because a refusal of one pact then says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from interceptor.broker.client import call, explained, unusable
from interceptor.broker.publication import Publication
from interceptor.broker.settings import Broker
from interceptor.values.errors import PactError
from interceptor.values.json_text import Json, parse_json

_ATTEMPT = "Attempting to publish pact"
"""The client says this once it has read the broker's index; what fails before concerns no single pact."""


@dataclass(frozen=True, slots=True)
class PactFile:
    """A pact on disk that is fit to be published."""

    file: Path
    consumer: str
    provider: str


@dataclass(frozen=True, slots=True)
class Published:
    """What the broker made of one pact."""

    pact: PactFile
    outcome: Literal["created", "unchanged", "refused"]
    url: str | None = None
    """Where the broker shows it."""
    reason: str | None = None
    """Why it was refused, in the broker's arguments."""


def read_pacts(*paths: Path) -> list[PactFile]:
    """Files, and every `*.json` of folders, as pacts, in the order of the paths and the names.

    Raises:
        PactError: that names each file that is no pact, two files of one pair, or a folder without pacts.
    """
    pacts: list[PactFile] = []
    wrong: list[str] = []
    pairs: dict[tuple[str, str], Path] = {}
    for file in (file for path in paths for file in ([path] if path.is_file() else sorted(path.glob("*.json")))):
        try:
            pact = _pact(file)
        except OSError as error:
            wrong.append(f"{file.name}: {error.strerror}")
            continue
        except ValueError as error:
            wrong.append(f"{file.name}: {error}")
            continue
        other = pairs.setdefault((pact.consumer, pact.provider), file)
        if other != file:
            wrong.append(f"{file.name}: a pact of the same consumer and provider as {other.name}")
        pacts.append(pact)
    if wrong:
        raise PactError(
            f"{_names(paths)} contains files that cannot be published\n" + "\n".join(wrong),
            "correct or remove these files, or export the pacts again",
        )
    if not pacts:
        raise PactError(f"there are no pacts in {_names(paths)}", "write some first: interceptor run -- COMMAND")
    return pacts


def publish(pact: PactFile, broker: Broker, publication: Publication, *, merge: bool = False) -> Published:
    """Hand one pact to the broker.

    Args:
        pact: the pact.
        broker: whom to hand it to.
        publication: under what.
        merge: add to what the version has published already.

    Raises:
        BrokerError: where the broker cannot be used at all: not there, no access, not a broker, no answer.
    """
    arguments = ["broker", "publish", str(pact.file.resolve()), *publication.arguments("--consumer-app-version")]
    output = call([*arguments, "--output=json", *(["--merge"] if merge else [])], broker)
    if output.code == 0 and output.answer:
        return _accepted(pact, output.answer)
    first, *_ = output.reason.splitlines()  # what follows may be the pact's own text
    if _ATTEMPT not in output.output + output.errors or explained(first):
        raise unusable(broker, output.reason)
    _, _, details = output.reason.partition("Details:\n")  # they say the same again, and then what differs
    return Published(pact, "refused", reason=details or output.reason)


def _names(folders: Sequence[Path]) -> str:
    return " and ".join(folder.name for folder in folders)


def _pact(file: Path) -> PactFile:
    document: Json = parse_json(file.read_bytes())
    if not isinstance(document, dict):
        raise ValueError("not a pact: it is not a JSON object")
    if not any(isinstance(document.get(name), list) for name in ("interactions", "messages")):
        raise ValueError("not a pact: interactions is missing")
    return PactFile(file, _name(document, "consumer"), _name(document, "provider"))


def _name(document: Json, role: str) -> str:
    member = document.get(role)
    name = member.get("name") if isinstance(member, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"not a pact: {role}.name is missing")
    return name


def _accepted(pact: PactFile, answer: Json) -> Published:
    notices = [str(notice.get("text")) for notice in answer.get("notices", [])]
    unchanged = any("no content changes" in notice for notice in notices)
    links = answer.get("_links", {}).get("pb:contracts") or [{}]
    return Published(pact, "unchanged" if unchanged else "created", url=links[0].get("href"))
