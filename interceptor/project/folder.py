"""The files that a handler file names: found below the project only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path
from typing import TypeAlias

from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.variables import STATE_DIR

_FILE_TYPES = MimeTypes(filenames=())
"""The same answer on every machine: the system's own table is left out."""


for _extension, _type in {
    ".js": "text/javascript",
    ".json": JSON_MEDIA_TYPE,
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".proto": "text/plain",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}.items():
    _FILE_TYPES.add_type(_type, _extension)


ReadFile: TypeAlias = Callable[[Path], bytes]


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of a handler file are looked up: below `folder`, and never outside `root`."""

    folder: Path
    root: Path
    read: ReadFile = Path.read_bytes
    files: set[Path] = field(default_factory=set, compare=False)
    """Every file that was looked up."""

    def resolve(self, name: str) -> Path:
        """The path of a file.

        Raises:
            ValueError: where it is outside the project, by a symbolic link perhaps, or our own: a key, a journal.
        """
        path, root = (self.folder / name).resolve(), self.root.resolve()
        if not path.is_relative_to(root):
            raise ValueError(f'"{name}" is outside the project')
        if STATE_DIR in map(str.lower, path.relative_to(root).parts):  # some file systems know no case
            raise ValueError(f'"{name}" is in {STATE_DIR}, which no handler may serve')
        self.files.add(path)
        return path

    def content(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            ValueError: where it is outside the project or cannot be read.
        """
        try:
            return self.read(self.resolve(name))
        except OSError as error:
            raise ValueError(f'cannot read the file "{name}": {error.strerror}') from error


def file_type(name: str) -> str:
    """The content type of a file by its extension."""
    guessed, encoding = _FILE_TYPES.guess_type(name)
    return guessed if guessed and not encoding else "application/octet-stream"
