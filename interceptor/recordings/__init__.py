"""Recordings of every form: our journals, HAR files of browsers and API clients, flow files of mitmproxy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from interceptor.journal import Recording, read_journal
from interceptor.project.config import Project
from interceptor.recordings.imported import ImportedRecording, RecordingReader
from interceptor.values.damage import Damage
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import ImportedExchange

__all__ = ["ImportedRecording", "RecordingReader", "open_recording", "unreadable_flows"]

_TNETSTRING = b"0123456789"
"""A flow file begins with the length of its first flow."""


def unreadable_flows(path: Path, _damages: list[Damage]) -> Iterator[ImportedExchange]:
    """The reader of flow files where there is no mitmproxy."""
    raise RecordingError(f"{path} is a flow file of mitmproxy", "read it with `interceptor export`")


def open_recording(path: Path, project: Project, read_flows: RecordingReader) -> Recording | ImportedRecording:
    """Open a recording, whose form its first bytes tell.

    Args:
        path: a journal, a HAR file or a flow file.
        project: says who owns what a foreign file holds.
        read_flows: reads flow files; handed in, as only mitmproxy knows their form.

    Raises:
        RecordingError: where the file cannot be read, or is of no form that is known here.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(1 << 16).lstrip(b"\xef\xbb\xbf \t\r\n")
            while not first and (line := file.readline(1 << 16)):
                first = line.lstrip()
    except OSError as error:
        raise RecordingError(f"cannot read the recording {path}: {error.strerror}", "check the path") from error
    if first[:1] in _TNETSTRING and first:
        return ImportedRecording(path, project, read_flows)
    if first.startswith((b"{", b"PK\x03\x04")) and not first.startswith(b'{"interceptor"'):
        from interceptor.recordings.har import is_har, read_har  # noqa: PLC0415  # journals need no such reader

        if is_har(path):
            return ImportedRecording(path, project, read_har)
    return read_journal(path)
