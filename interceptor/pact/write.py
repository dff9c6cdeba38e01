"""Pact documents -> files: safe names, stable bytes, written atomically."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import orjson

from interceptor import __version__
from interceptor.pact import v2, v3, v4
from interceptor.pact.document import PactDocument
from interceptor.pact.losses import PactChange, StillAnswered, change, identity, losses
from interceptor.values.errors import PactError
from interceptor.values.findings import Finding
from interceptor.values.json_text import NotJsonError, parse_json
from interceptor.values.locks import locked

_SPECIFICATIONS: dict[int, ModuleType] = {2: v2, 3: v3, 4: v4}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LONGEST_NAME = 200
"""Bytes; file systems take 255, and the temporary file needs some."""

PactJson: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WrittenPact:
    """A pact file as it is now."""

    consumer: str
    provider: str
    path: Path
    interactions: int
    """How many it holds, those kept by a merge included."""
    change: PactChange
    """Beside what it held before."""
    losses: tuple[str, ...] = ()
    """Why it was left as it was."""


def file_name(consumer: str, provider: str) -> str:
    """`<consumer>-<provider>.json`, safe on every file system: `"A/B", "C"` -> `"A_B-C.json"`."""
    name = _UNSAFE.sub("_", f"{consumer}-{provider}").strip(". ") or "_"
    encoded = name.encode("utf-8", "replace")
    if len(encoded) > _LONGEST_NAME:
        suffix = sha256(encoded).hexdigest()[:8]
        name = f"{encoded[: _LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{suffix}"
    return f"{name}.json"


def require_distinct_names(pairs: Sequence[tuple[str, str]]) -> None:
    """Refuse pairs of consumer and provider that would overwrite each other's file.

    Raises:
        PactError: naming both pairs.
    """
    taken: dict[str, tuple[str, str]] = {}
    for pair in pairs:
        # Some file systems do not tell capitals apart.
        other = taken.setdefault(file_name(*pair).casefold(), pair)
        if other != pair:
            shown = " and ".join(f'"{consumer}" with "{provider}"' for consumer, provider in (other, pair))
            raise PactError(f"the pacts of {shown} would be one file, {file_name(*pair)}", "rename one of them")


def rendered(document: PactDocument, specification: int) -> tuple[PactJson, list[Finding]]:
    """The JSON of a pact, and what its specification could not say."""
    module = _SPECIFICATIONS[specification]
    name = file_name(document.consumer, document.provider)
    findings: list[Finding] = []
    interactions = []
    for index, each in enumerate(document.interactions):
        reported = _reporter(findings, pact=name, interaction=index, handler=next(iter(each.handlers), None))
        interactions.append(module.interaction(each, document, reported))
    return {
        "consumer": {"name": document.consumer},
        "provider": {"name": document.provider},
        "interactions": interactions,
        "metadata": {
            "pactSpecification": {"version": module.VERSION},
            "client": {"name": "pact-interceptor", "version": __version__},
        },
    }, findings


def _reporter(
    findings: list[Finding], *, pact: str, interaction: int, handler: str | None
) -> Callable[[Finding], None]:
    def report(finding: Finding) -> None:
        findings.append(replace(finding, pact=pact, interaction=interaction, handler=handler))

    return report


def write_pact(
    pact: PactJson, directory: Path, *, merge: bool, still_answered: StillAnswered | None = None
) -> WrittenPact:
    """Write a pact into its file, whole or not at all.

    Args:
        pact: as `rendered` makes it.
        directory: made where it is missing.
        merge: keep the interactions of the present file; new ones replace those of the same description and states.
        still_answered: where given, a file that would lose what is still answered is left as it is.

    Raises:
        PactError: where the file cannot be written, or merged with.
    """
    consumer, provider = pact["consumer"]["name"], pact["provider"]["name"]
    path = directory / file_name(consumer, provider)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory):  # merging reads a file and replaces it
            if merge and path.exists():
                pact = _merged(_read(path), pact, path)
            difference = change(_present(path), pact)
            lost = losses(provider, difference, still_answered) if still_answered else ()
            if not lost:
                _replace(path, _pretty(pact))
    except OSError as error:
        raise PactError(f"cannot write the pact {path}: {error.strerror}", "check the folder and its rights") from error
    return WrittenPact(consumer, provider, path, len(pact["interactions"]), difference, lost)


def _pretty(pact: PactJson) -> bytes:
    try:
        return orjson.dumps(pact, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # Integers beyond 64 bits, and lone surrogates in names.
        return (json.dumps(pact, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


_TEMPORARY = ".interceptor-"


def _replace(path: Path, content: bytes) -> None:
    for orphan in path.parent.glob(f"{_TEMPORARY}*.tmp"):  # of one that was killed: the folder is locked for us
        orphan.unlink(missing_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut leaves an empty file in the old one's place
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _present(path: Path) -> PactJson | None:
    """The pact in a file; None where there is none, or something else, which a new pact may replace."""
    try:
        pact = parse_json(path.read_bytes())
    except (FileNotFoundError, NotJsonError):
        return None
    return dict(pact) if _is_pact(pact) else None


def _read(path: Path) -> PactJson:
    pact = _present(path)
    if pact is None:
        raise PactError(f"cannot merge into {path}: it is not a pact", "remove it, or export without --merge")
    return pact


def _is_pact(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("metadata"), dict)
        and isinstance(value.get("interactions"), list)
        and all(isinstance(each, dict) and isinstance(each.get("description"), str) for each in value["interactions"])
    )


def _merged(old: PactJson, new: PactJson, path: Path) -> PactJson:
    specifications = [each["metadata"].get("pactSpecification") for each in (old, new)]
    if specifications[0] != specifications[1]:
        message = f"cannot merge into {path}: it follows another specification"
        raise PactError(message, "export everything anew, without --merge")
    interactions = {identity(each): each for each in (*old["interactions"], *new["interactions"])}
    ordered = sorted(interactions.values(), key=lambda each: (each["description"], identity(each)))
    return new | {"interactions": ordered}
