"""A power cut keeps what was synchronised, and of the rest nothing: a pact is the old one or the new one, and whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interceptor.conversion import convert
from tests.exchanges import exchange, journal, project


class Disk:
    """What of a folder would be there after a power cut, at each moment.

    A file has the content of its last fsync. A name leads to the file that it had at the last fsync of the folder, or
    to any that it was given since: which, only the file system knows.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.contents = {each.stat().st_ino: each.read_bytes() for each in folder.iterdir()}
        self.names = {each.name: {each.stat().st_ino} for each in folder.iterdir()}
        self.seen: set[bytes] = set()
        fsync, replace = os.fsync, os.replace

        def synchronised(descriptor):
            fsync(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").resolve()
            if path == folder:
                self.names = {each.name: {each.stat().st_ino} for each in folder.iterdir()}
            elif path.parent == folder:
                self.contents[path.stat().st_ino] = path.read_bytes()
            self.look()

        def replaced(source, target):
            replace(source, target)
            self.names.setdefault(Path(target).name, set()).add(Path(target).stat().st_ino)
            self.look()

        monkeypatch.setattr(os, "fsync", synchronised)
        monkeypatch.setattr(os, "replace", replaced)
        monkeypatch.setattr(Path, "replace", replaced)

    def kept(self, name):
        """All that a file may hold after a power cut now."""
        return {self.contents.get(file, b"") for file in self.names[name]}

    def look(self):
        self.seen |= self.kept("Product Site-Product API.json")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells which file a descriptor is of")
def test_a_pact_outlasts_a_power_cut(tmp_path, monkeypatch):
    here = project(tmp_path)
    (written,) = convert(here, [journal(tmp_path / "one.jsonl", [exchange("GET /products/1", {"id": "1"})])]).pacts
    old = written.path.read_bytes()
    disk = Disk(written.path.parent, monkeypatch)
    convert(here, [journal(tmp_path / "two.jsonl", [exchange("GET /products/2", {"id": "2"})])])
    new = written.path.read_bytes()
    assert old != new
    assert disk.seen == {old, new}
    assert disk.kept(written.path.name) == {new}
