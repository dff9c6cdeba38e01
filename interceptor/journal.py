"""The journal: one writer, one reader, versioned; the one seam between the proxy and everything offline.

A JSON Lines file per run: a header, then one exchange per line in the form that the specification of the product
fixes, then and between them lines that count exact repeats: `{"repeats": [[exchange number from 0, total], ...]}`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from interceptor import __version__
from interceptor.config import Project
from interceptor.errors import RecordingError
from interceptor.journal_lines import (
    DamagedError,
    Header,
    decoded,
    decoded_header,
    decoded_repeats,
    dumps,
    encoded,
    likeness,
)
from interceptor.messages import Exchange

VERSION = 1

_FLUSH_SECONDS = 0.1
"""The most a killed process loses."""
_MOST_PENDING = 1 << 20
"""Bytes; more than this is written at once."""
_MOST_REMEMBERED = 20_000
"""Exchanges whose repeats are recognised; a repeat of an older one is written again."""


def new_recording(project: Project) -> Path:
    """A path for a new journal, `.interceptor/recordings/<run>.jsonl`; the folder ignores itself in git.

    Raises:
        RecordingError: where the folder cannot be made.
    """
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    path = project.recordings / f"{started}-{secrets.token_hex(2)}.jsonl"
    try:
        project.recordings.mkdir(parents=True, exist_ok=True)
        (project.state_dir / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(project.recordings, error) from error
    return path


def latest_recording(project: Project) -> Path | None:
    """The journal of the run that started last, or None where there is none yet."""
    try:
        journals = list(project.recordings.glob("*.jsonl"))
    except OSError:
        return None
    seconds = len("2026-11-21T20-46-03Z")
    return max(journals, key=lambda path: (path.name[:seconds], path.stat().st_mtime_ns), default=None)


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(f"cannot write the journal {path}: {error.strerror}", "free some space or check the rights")


class JournalWriter:
    """Appends exchanges to a journal of its own; safe to call from any thread.

    A background thread writes what has gathered every tenth of a second. `close` loses nothing. A run of the same
    exchange over and over costs one line and a count.

    Raises:
        RecordingError: where the file cannot be made or no longer be written.
    """

    def __init__(self, path: Path, *, consumer: str, started: str = "", tool: str = __version__, run: str = "") -> None:
        self.path = path
        self._pending: list[bytes] = []
        self._size = 0
        self._written = 0
        self._repeats: OrderedDict[bytes, _Repeat] = OrderedDict()
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._error: OSError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        header = {
            "interceptor": "journal",
            "version": VERSION,
            "run": run or path.stem,
            "consumer": consumer,
            "started": started or timestamp(),
            "tool": tool,
        }
        os.write(self._file, dumps(header) + b"\n")
        self._thread = threading.Thread(target=self._flush_regularly, name="journal", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, exchange: Exchange) -> None:
        """Note one exchange; it is in the file a tenth of a second later."""
        content = dumps(encoded(exchange))
        digest = hashlib.blake2b(content, digest_size=16).digest()
        with self._lock:
            if self._error is not None:
                raise _unwritable(self.path, self._error)
            repeat = self._repeats.get(digest)
            if repeat is None:
                self._repeats[digest] = _Repeat(self._written, exchange.count, exchange.count)
                self._written += 1
                self._add(b'{"at":%b,"ms":%b,%b\n' % (dumps(exchange.at), dumps(exchange.ms), content[1:]))
                if exchange.count > 1:
                    self._counts[self._written - 1] = exchange.count
                self._forget_oldest()
            else:
                self._repeats.move_to_end(digest)
                repeat.total += exchange.count
                if repeat.total >= 2 * repeat.noted:
                    self._note(repeat)
            full = self._size > _MOST_PENDING
        if full:
            self.flush()
        elif not self._wake.is_set():
            self._wake.set()

    def flush(self) -> None:
        """Hand everything noted so far to the operating system."""
        with self._lock:
            self._drain()

    def close(self) -> None:
        """Write what is left, counts included, and close the file; a second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._wake.set()
        self._thread.join()
        with self._lock:
            for repeat in self._repeats.values():
                self._note(repeat)
            self._drain()
            os.close(self._file)
        if self._error is not None:
            raise _unwritable(self.path, self._error)

    def _flush_regularly(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._closed.wait(_FLUSH_SECONDS)
            self._wake.clear()
            self.flush()

    def _add(self, line: bytes) -> None:
        self._pending.append(line)
        self._size += len(line)

    def _note(self, repeat: _Repeat) -> None:
        if repeat.total > repeat.noted:
            self._counts[repeat.number] = repeat.total
            repeat.noted = repeat.total

    def _forget_oldest(self) -> None:
        while len(self._repeats) > _MOST_REMEMBERED:
            self._note(self._repeats.popitem(last=False)[1])

    def _drain(self) -> None:
        if self._counts:
            self._add(dumps({"repeats": list(self._counts.items())}) + b"\n")
            self._counts = {}
        data = memoryview(b"".join(self._pending))
        self._pending = []
        self._size = 0
        try:
            while data and self._error is None:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self._error = error


@dataclass(slots=True)
class _Repeat:
    """How often an exchange happened, and how often the file says it did."""

    number: int
    total: int
    noted: int


def timestamp() -> str:
    """Now, as the journal writes it: `2026-11-21T20:46:04.001Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Damage:
    """A line of a journal that says nothing we can read; `line` counts from 1."""

    file: Path
    line: int
    message: str
    torn: bool = False
    """The last line of a run that was killed while writing it."""


@dataclass
class Recording:
    """A journal, opened for reading.

    Iterating yields its exchanges, one at a time, as often as wanted; afterwards `damages` holds what was passed over.
    """

    path: Path
    header: Header
    damages: list[Damage] = field(default_factory=list)

    def __iter__(self) -> Iterator[Exchange]:
        totals = self._totals()
        for number, line in self._exchange_lines():
            if (exchange := self._decoded(line, totals.get(number, 1))) is not None:
                yield exchange

    def distinct(self, seen: set[bytes], *, by_test: bool = False) -> Iterator[Exchange]:
        """The exchanges that are not like one seen before, decoded only then; several journals may share `seen`."""
        for _, line in self._exchange_lines():
            like = likeness(line.content, by_test=by_test)
            if like not in seen:
                seen.add(like)
                if (exchange := self._decoded(line, 1)) is not None:
                    yield exchange

    def _exchange_lines(self) -> Iterator[tuple[int, _Line]]:
        self.damages = []
        lines = _lines(self.path)
        next(lines, None)  # the header
        number = 0
        for line in lines:
            if not (line.whole and line.content.startswith(_REPEATS)):
                yield number, line
                number += 1

    def _decoded(self, line: _Line, count: int) -> Exchange | None:
        try:
            return decoded(line.content, count)
        except DamagedError as error:
            message = str(error) if line.whole else _TORN
            self.damages.append(Damage(self.path, line.number, message, torn=not line.whole))
            return None

    def _totals(self) -> dict[int, int]:
        totals: dict[int, int] = {}
        for line in _lines(self.path):
            if line.content.startswith(_REPEATS):
                with suppress(DamagedError):
                    totals.update(decoded_repeats(line.content))
        return totals


_TORN = "the last line is torn; the run was killed while writing it"
_BEGINNING = b'{"interceptor":"journal"'
_REPEATS = b'{"repeats"'


def read_journal(path: Path) -> Recording:
    """Open a journal.

    Raises:
        RecordingError: where the file cannot be read, is not a journal, or is one of another version.
    """
    first = next(_lines(path), _Line(1, b"", whole=False))
    try:
        header = decoded_header(first.content)
    except DamagedError as error:
        if not first.whole and _BEGINNING.startswith(first.content[: len(_BEGINNING)]):
            return Recording(path, Header())
        raise RecordingError(f"{path} is not a journal: {error}", "give a file that `interceptor run` wrote") from error
    if header.version != VERSION:
        message = f"{path} is a journal of version {header.version}; this interceptor reads version {VERSION}"
        raise RecordingError(message, f"read it with interceptor {header.tool or 'of that time'}")
    return Recording(path, header)


class _Line(NamedTuple):
    number: int
    content: bytes
    whole: bool


def _lines(path: Path) -> Iterator[_Line]:
    """The lines that are not blank."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if content := line.strip():
                    yield _Line(number, content, line.endswith(b"\n"))
    except OSError as error:
        raise RecordingError(f"cannot read the journal {path}: {error.strerror}", "check the path") from error
