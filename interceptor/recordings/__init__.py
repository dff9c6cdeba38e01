"""Recordings of every form: our journals, HAR files of browsers and API clients, flow files of mitmproxy."""

from __future__ import annotations

from pathlib import Path

from interceptor.config import Project
from interceptor.errors import RecordingError
from interceptor.journal import Recording, read_journal
from interceptor.recordings.capture import Capture

__all__ = ["Capture", "open_recording"]

_TNETSTRING = b"0123456789"
"""A flow file begins with the length of its first flow."""


def open_recording(path: Path, project: Project) -> Recording | Capture:
    """Open a recording, whose form its first bytes tell.

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
        # The one way from here to mitmproxy, taken for nothing but its own files.
        from interceptor.proxy.flow_files import read_flows  # noqa: PLC0415

        return Capture(path, project, read_flows)
    if first.startswith(b"{") and not first.startswith(b'{"interceptor"'):
        from interceptor.recordings.har import is_har, read_har  # noqa: PLC0415  # journals need no such reader

        if is_har(path):
            return Capture(path, project, read_har)
    return read_journal(path)
