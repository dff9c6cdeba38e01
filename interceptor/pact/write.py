"""Pact documents -> files: safe names, stable bytes, written atomically."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, TypeAlias

import orjson

from interceptor import __version__
from interceptor.pact import v2, v3, v4
from interceptor.pact.document import PactDocument
from interceptor.pact.losses import Changes, InteractionJson, PactChange, StillAnswered, identity, losses
from interceptor.pact.steadiness import Counterparts, with_kept_examples
from interceptor.values.errors import PactError
from interceptor.values.findings import Finding
from interceptor.values.json_text import NotJsonError, parse_json
from interceptor.values.locks import locked

_SPECIFICATIONS: dict[int, ModuleType] = {2: v2, 3: v3, 4: v4}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_NO_INTERACTIONS = b'"interactions": []'
"""In the text of a pact without them; inside a string its quotes would be escaped."""
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


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A document as a specification says it; the interactions are made anew each time, so that none need be kept."""

    document: PactDocument
    module: ModuleType

    def around(self) -> PactJson:
        """The pact without its interactions."""
        return {
            "consumer": {"name": self.document.consumer},
            "provider": {"name": self.document.provider},
            "interactions": [],
            "metadata": {
                "pactSpecification": {"version": self.module.VERSION},
                "client": {"name": "pact-interceptor", "version": __version__},
            },
        }

    def interactions(self, findings: list[Finding]) -> Iterator[PactJson]:
        """One after the other; what the specification cannot say is added to the findings."""
        name = file_name(self.document.consumer, self.document.provider)
        for index, each in enumerate(self.document.interactions):
            reported = _reporter(findings, pact=name, interaction=index, handler=next(iter(each.handlers), None))
            yield self.module.interaction(each, self.document, reported)


def _reporter(
    findings: list[Finding], *, pact: str, interaction: int, handler: str | None
) -> Callable[[Finding], None]:
    def report(finding: Finding) -> None:
        findings.append(replace(finding, pact=pact, interaction=interaction, handler=handler))

    return report


def write_pact(
    document: PactDocument,
    specification: int,
    directory: Path,
    *,
    merge: bool,
    keep_examples: bool = False,
    still_answered: StillAnswered | None = None,
) -> tuple[WrittenPact, list[Finding]]:
    """Write a pact into its file, whole or not at all; and what its specification could not say.

    Args:
        document: all that its consumer expects of its provider.
        specification: 2, 3 or 4.
        directory: made where it is missing.
        merge: keep the interactions of the present file; new ones replace those of the same description and states.
        keep_examples: take the examples of the present file where they have the same members and types.
        still_answered: where given, a file that would lose what is still answered is left as it is.

    Raises:
        PactError: where the file cannot be written, or merged with.
    """
    path = directory / file_name(document.consumer, document.provider)
    pact = _Rendered(document, _SPECIFICATIONS[specification])
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory), _replacement(path) as new:  # merging reads a file and replaces it
            kept = _read(path, pact) if merge and path.exists() else None
            present = kept or _present(path)
            source = _Source(pact, kept, present if keep_examples else None)
            try:
                written, findings = _written(source, present, new.file)
            except TypeError:
                written, findings = _written_slowly(source, present, new.file)
            difference = replace(written.change(), in_values_only=_in_values_only(present, written.unlike))
            lost = losses(document.provider, difference, still_answered) if still_answered else ()
            new.wanted = not lost
    except OSError as error:
        raise PactError(f"cannot write the pact {path}: {error.strerror}", "check the folder and its rights") from error
    return WrittenPact(document.consumer, document.provider, path, written.count, difference, lost), findings


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the interactions of a file come from."""

    pact: _Rendered
    kept: PactJson | None
    """The present file, whose interactions are kept."""
    examples: PactJson | None
    """The present file, whose examples are kept."""

    def interactions(self, findings: list[Finding]) -> Iterable[PactJson]:
        new: Iterable[PactJson] = self.pact.interactions(findings)
        if self.examples is not None:
            new = with_kept_examples(self.examples["interactions"], new)
        return new if self.kept is None else _merged(self.kept, new)


def _written(source: _Source, present: PactJson | None, file: BinaryIO) -> tuple[Changes, list[Finding]]:
    """Write a pact, one interaction after the other.

    Raises:
        TypeError: where orjson cannot write one.
    """
    changes, findings = Changes(present), list[Finding]()
    around = source.pact.around()
    before, between, behind = orjson.dumps(around, option=_OPTIONS).partition(_NO_INTERACTIONS)
    file.write(before + between[:-1])
    for index, each in enumerate(source.interactions(findings)):
        changes.see(each)
        text = orjson.dumps(each, option=orjson.OPT_INDENT_2)
        file.write((b",\n    " if index else b"\n    ") + text.replace(b"\n", b"\n    "))
    file.write((b"\n  ]" if changes.count else b"]") + behind)
    return changes, findings


def _written_slowly(source: _Source, present: PactJson | None, file: BinaryIO) -> tuple[Changes, list[Finding]]:
    """As `_written`, for integers beyond 64 bits, and lone surrogates in names."""
    changes, findings = Changes(present), list[Finding]()
    whole = source.pact.around() | {"interactions": list(source.interactions(findings))}
    for each in whole["interactions"]:
        changes.see(each)
    file.seek(0)
    file.truncate()
    file.write((json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    return changes, findings


def _in_values_only(present: PactJson | None, unlike: Sequence[InteractionJson]) -> tuple[str, ...]:
    """The descriptions of the interactions that are unlike those on disk, and differ from one in values only."""
    if present is None or not unlike:
        return ()
    counterparts = Counterparts(present["interactions"], unlike)
    return tuple(each["description"] for each in unlike if counterparts.of(each) is not None)


_TEMPORARY = ".interceptor-"


@dataclass(slots=True)
class _Replacement:
    """A temporary file, and whether it is to take the place of the pact."""

    file: BinaryIO
    wanted: bool = False


@contextmanager
def _replacement(path: Path) -> Iterator[_Replacement]:
    """A file that takes the place of another at once, or is gone in the end."""
    for orphan in path.parent.glob(f"{_TEMPORARY}*.tmp"):  # of one that was killed: the folder is locked for us
        orphan.unlink(missing_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            new = _Replacement(file)
            yield new
            file.flush()
            if new.wanted:
                os.fsync(file.fileno())  # or a power cut leaves an empty file in the old one's place
        if new.wanted:
            umask = os.umask(0)
            os.umask(umask)
            Path(temporary).chmod(0o666 & ~umask)
            Path(temporary).replace(path)
            _sync_folder(path.parent)
    finally:
        with suppress(OSError):
            Path(temporary).unlink()


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a power cut; some file systems cannot."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _present(path: Path) -> PactJson | None:
    """The pact in a file; None where there is none, or something else, which a new pact may replace."""
    try:
        pact = parse_json(path.read_bytes())
    except (FileNotFoundError, NotJsonError):
        return None
    return dict(pact) if _is_pact(pact) else None


def _read(path: Path, new: _Rendered) -> PactJson:
    """The pact in a file, to be merged with a new one."""
    pact = _present(path)
    if pact is None:
        raise PactError(f"cannot merge into {path}: it is not a pact", "remove it, or export without --merge")
    if pact["metadata"].get("pactSpecification") != new.around()["metadata"]["pactSpecification"]:
        message = f"cannot merge into {path}: it follows another specification"
        raise PactError(message, "export everything anew, without --merge")
    return pact


def _is_pact(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("metadata"), dict)
        and isinstance(value.get("interactions"), list)
        and all(isinstance(each, dict) and isinstance(each.get("description"), str) for each in value["interactions"])
    )


def _merged(old: PactJson, new: Iterable[PactJson]) -> list[PactJson]:
    interactions = {identity(each): each for each in (*old["interactions"], *new)}
    return sorted(interactions.values(), key=lambda each: (each["description"], identity(each)))
