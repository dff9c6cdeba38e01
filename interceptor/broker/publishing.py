"""Publishes pacts, one validated file at a time.

One at a time, because given a folder the client publishes any JSON, stops at the first broken file, and ignores the
globs it documents. Also, a refused pact then does not affect the others.
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
"""The client prints this after reading the broker's index; an earlier failure is not about a single pact."""


@dataclass(frozen=True, slots=True)
class PactFile:
    """A valid pact on disk."""

    file: Path
    consumer: str
    provider: str


@dataclass(frozen=True, slots=True)
class Published:
    """The result of publishing one pact."""

    pact: PactFile
    outcome: Literal["created", "unchanged", "refused"]
    url: str | None = None
    """Its URL at the broker."""
    reason: str | None = None
    """Why it was refused, in the broker's words."""


def read_pacts(*paths: Path) -> list[PactFile]:
    """The pacts in files and in folders (`*.json`), ordered by path, then by name.

    Raises:
        PactError: a file is no pact, two files are of one consumer and provider, or a folder has no pacts.
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
        contain = "contains" if len(paths) == 1 else "contain"
        raise PactError(
            f"{_names(paths)} {contain} files that cannot be published\n" + "\n".join(wrong),
            "correct or remove these files, or export the pacts again",
        )
    if not pacts:
        raise PactError(f"there are no pacts in {_names(paths)}", "write some first: interceptor run -- COMMAND")
    return pacts


def publish(pact: PactFile, broker: Broker, publication: Publication, *, merge: bool = False) -> Published:
    """Publish one pact.

    Args:
        pact: the pact.
        broker: the broker.
        publication: its version, branch and tags.
        merge: add to what was already published for this version.

    Raises:
        BrokerError: the broker cannot be used at all: unreachable, access denied, not a broker, or no response.
    """
    arguments = ["broker", "publish", str(pact.file.resolve()), *publication.arguments("--consumer-app-version")]
    output = call([*arguments, "--output=json", *(["--merge"] if merge else [])], broker)
    if output.code == 0 and output.answer:
        return _accepted(pact, output.answer)
    first, *_ = output.reason.splitlines()  # what follows may be text of the pact
    if _ATTEMPT not in output.output + output.errors or explained(first):
        raise unusable(broker, output.reason)
    _, _, details = output.reason.partition("Details:\n")  # they repeat the message, then list what differs
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
