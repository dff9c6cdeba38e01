"""Exchanges -> a journal, from any thread, at once; counts of repeats are at most a tenth of a second behind."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Self

from msgspec.structs import asdict

from interceptor import __version__
from interceptor.journal.lines import VERSION, Header, dumps, encoded
from interceptor.journal.reader import latest_recording, started
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import Exchange
from interceptor.values.json_text import Json

log = logging.getLogger(__name__)

_START = "%Y-%m-%dT%H-%M-%SZ"
_FLUSH_SECONDS = 0.05
"""The most that counts wait; half of what is promised, as a busy interpreter may be late to wake the thread."""
_MOST_REMEMBERED = 20_000
"""Exchanges whose repeats are recognised; a repeat of an older one is written again."""


def new_recording(folder: Path) -> Path:
    """A path for a new journal, `.interceptor/recordings/<run>.jsonl`; `.interceptor` ignores itself in git.

    Raises:
        RecordingError: where the folder cannot be made.
    """
    path = folder / f"{_next_start(folder)}-{secrets.token_hex(2)}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return path


def _next_start(folder: Path) -> str:
    """Now; where a clock was set back, the second after the latest run, so that the order of the names is theirs."""
    now = datetime.now(UTC)
    if (latest := latest_recording(folder)) is not None:
        with suppress(ValueError):
            before = datetime.strptime(started(latest), _START).replace(tzinfo=UTC)
            now = before + timedelta(seconds=1) if before > now else now
    return now.strftime(_START)


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(f"cannot write the journal {path}: {error.strerror}", "free some space or check the rights")


class JournalWriter:
    """Appends exchanges to a journal of its own; safe to call from any thread.

    An exchange is with the operating system when `write` returns: what becomes of this process then, a pattern that
    holds the interpreter or a kill, loses none. A run of the same exchange over and over costs one line and a count,
    which a background thread writes at most a tenth of a second later. `close` loses nothing.

    Where the file can no longer be written, that is logged once and kept as `failure`: answering goes on.

    Raises:
        RecordingError: where the file cannot be begun.
    """

    def __init__(self, path: Path, *, consumer: str, started: str = "", tool: str = __version__, run: str = "") -> None:
        self.path = path
        self._written = 0
        self._repeats: OrderedDict[bytes, _Repeat] = OrderedDict()
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = threading.Event()
        self.failure: RecordingError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        self._begin(run or path.stem, consumer, started or timestamp(time.time()), tool)
        self._thread = threading.Thread(target=self._flush_regularly, name="journal", daemon=True)
        self._thread.start()

    def _begin(self, run: str, consumer: str, started: str, tool: str) -> None:
        header = Header("journal", VERSION, run, consumer, started, tool)
        self._append(dumps(asdict(header)) + b"\n")
        if self.failure is not None:
            os.close(self._file)
            raise self.failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, exchange: Exchange) -> bytes:
        """Note one exchange; it is in the file then. What is given can be noted again by `repeat`."""
        content = dumps(encoded(exchange))
        digest = hashlib.blake2b(content, digest_size=16).digest()
        with self._lock:
            repeat = self._repeats.get(digest)
            if repeat is None:
                self._repeats[digest] = _Repeat(self._written, exchange.count)
                self._written += 1
                self._append(b'{"at":%b,"ms":%b,%b\n' % (dumps(exchange.at), dumps(exchange.ms), content[1:]))
                if exchange.count > 1:
                    self._counts[self._written - 1] = exchange.count
                self._forget_oldest()
            else:
                self._count(repeat, digest, exchange.count)
        if self._counts and not self._wake.is_set():
            self._wake.set()
        return digest

    def repeat(self, digest: bytes) -> bool:
        """Note that an exchange happened once more; False where it is too long ago, and has to be written anew."""
        with self._lock:
            known = self._repeats.get(digest)
            if known is None or self.failure is not None:
                return False
            self._count(known, digest, 1)
        if not self._wake.is_set():
            self._wake.set()
        return True

    def end(self, seen: Json) -> None:
        """Note what a run saw beside its exchanges, now that it is over."""
        with self._lock:
            self._append(dumps({"ended": seen}) + b"\n")

    def flush(self) -> None:
        """Hand the counts so far to the operating system."""
        with self._lock:
            self._append_counts()

    def close(self) -> None:
        """Write what is left, counts included, and close the file; a second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._wake.set()
        self._thread.join()
        with self._lock:
            self._append_counts()
            os.close(self._file)

    def _flush_regularly(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._closed.wait(_FLUSH_SECONDS)
            self._wake.clear()
            self.flush()

    def _count(self, repeat: _Repeat, digest: bytes, times: int) -> None:
        self._repeats.move_to_end(digest)
        repeat.total += times
        self._counts[repeat.number] = repeat.total

    def _forget_oldest(self) -> None:
        while len(self._repeats) > _MOST_REMEMBERED:
            self._repeats.popitem(last=False)

    def _append_counts(self) -> None:
        if self._counts:
            self._append(dumps({"repeats": list(self._counts.items())}) + b"\n")
            self._counts = {}

    def _append(self, line: bytes) -> None:
        if self.failure is not None:
            return
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            self.failure = _unwritable(self.path, error)
            log.warning("%s; %s", self.failure.message, self.failure.hint)


@dataclass(slots=True)
class _Repeat:
    """How often an exchange happened."""

    number: int
    total: int


def timestamp(posix: float) -> str:
    """A time in POSIX seconds as the journal writes it: `2026-11-21T20:46:04.001Z`."""
    seconds, ms = divmod(int(posix * 1000), 1000)
    return f"{_second(seconds)}.{ms:03}Z"


@lru_cache(maxsize=4)  # many exchanges share one
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
