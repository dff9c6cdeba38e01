"""A journal -> its exchanges, one at a time, passing over what is torn or damaged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from interceptor.journal.lines import (
    VERSION,
    DamagedError,
    Header,
    decoded,
    decoded_end,
    decoded_header,
    decoded_repeats,
    essence,
)
from interceptor.values.damage import Damage
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import Exchange
from interceptor.values.json_text import Json


def latest_recording(folder: Path) -> Path | None:
    """The journal in a folder of the run that started last, or None where there is none yet.

    Its header says which run it is; its file may have been copied, or renamed.
    """
    try:
        journals = list(folder.glob("*.jsonl"))
    except OSError:
        return None
    return max(journals, key=lambda path: (started(path), path.stat().st_mtime_ns), default=None)


def started(path: Path) -> str:
    """The second in which the run of a journal started, as names of runs begin with it: `2026-11-21T20-46-03Z`."""
    try:
        run = read_journal(path).header.run
    except RecordingError:
        run = ""
    return (run if _STARTED.match(run) else path.name)[:_SECONDS]


def _take_nothing(_line: bytes, _at: str) -> bool:
    return False


@dataclass
class Recording:
    """A journal, opened for reading.

    Iterating yields its exchanges, one at a time, as often as wanted; afterwards `damages` holds what was passed over.
    """

    path: Path
    header: Header
    damages: list[Damage] = field(default_factory=list)

    @property
    def consumer(self) -> str | None:
        return self.header.consumer

    @property
    def ended(self) -> Mapping[str, Json] | None:
        """What the run saw beside its exchanges; None where it was killed."""
        for line in _lines(self.path):
            if line.content.startswith(_ENDED):
                with suppress(DamagedError):
                    return decoded_end(line.content)
        return None

    def __iter__(self) -> Iterator[Exchange]:
        totals = self._totals()
        for number, line in self._exchange_lines():
            if (exchange := self._decoded(line, totals.get(number, 1))) is not None:
                yield exchange

    def distinct(
        self, seen: set[bytes], *, by_test: bool = False, take: Callable[[bytes, str], bool] = _take_nothing
    ) -> Iterator[Exchange]:
        """The exchanges that are not like one seen before, decoded only then.

        Args:
            seen: digests of lines; several recordings may share it.
            by_test: whether what differs only in its test counts as different.
            take: is shown each new line without what makes no difference, and its time; true where that was enough.
        """
        for _, line in self._exchange_lines():
            content, at = essence(line.content, by_test=by_test)
            digest = hashlib.blake2b(content, digest_size=16).digest()
            if digest in seen or take(content, at):
                continue
            if (exchange := self._decoded(line, 1)) is not None:
                seen.add(digest)
                yield exchange

    def _exchange_lines(self) -> Iterator[tuple[int, _Line]]:
        self.damages = []
        lines = _lines(self.path)
        next(lines, None)  # the header
        number = 0
        for line in lines:
            if not (line.whole and line.content.startswith((_REPEATS, _ENDED))):
                yield number, line
                number += 1

    def _decoded(self, line: _Line, count: int) -> Exchange | None:
        try:
            return decoded(line.content, count)
        except DamagedError as error:
            damage = Damage(self.path, line.number, str(error))
            self.damages.append(damage if line.whole else replace(damage, message=_TORN, type="warning"))
            return None

    def _totals(self) -> dict[int, int]:
        totals: dict[int, int] = {}
        for line in _lines(self.path):
            if line.content.startswith(_REPEATS):
                with suppress(DamagedError):
                    totals.update(decoded_repeats(line.content))
        return totals


_TORN = "the last line is torn; the run was killed while writing it"
_STARTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-")
_SECONDS = len("2026-11-21T20-46-03Z")
_BEGINNING = b'{"interceptor":"journal"'
_REPEATS = b'{"repeats"'
_ENDED = b'{"ended"'


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
            return Recording(path, Header("journal", VERSION))
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
