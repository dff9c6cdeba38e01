"""wget: its settings file is the only place where it can be told whom to trust."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from interceptor.run.reach.means import Ground, Means


def wget(ground: Ground) -> Means:
    """The user's own settings, with our line after them."""
    theirs = ground.environ.get("WGETRC") or str(Path(ground.environ.get("HOME") or "/") / ".wgetrc")
    settings = b""
    with suppress(OSError):
        settings = Path(theirs).read_bytes().rstrip(b"\n") + b"\n"
    file = ground.folder / "wgetrc"
    return Means("wget", {"WGETRC": str(file)}, {file: settings + f"ca_certificate = {ground.bundle}\n".encode()})
