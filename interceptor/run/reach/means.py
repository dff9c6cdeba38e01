"""What each means of reach is made from, and what it comes to: variables, and files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PRELOADS = Path(__file__).parent / "preload"
"""Read by the clients from here, and not copied into a run's folder: a process that outlives its run starts others."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every means is made from."""

    environ: Mapping[str, str]
    """The user's variables, which every means keeps."""
    folder: Path
    """Of the run; gone when the run is over."""
    doors: Mapping[str, int]
    """`api.example.com:443` -> the port that stands for it."""
    patterns: tuple[str, ...]
    """Owned addresses that have no door, most often of many hosts: `*.example.com:443`."""
    ports: tuple[int, ...]
    """All other ports of ours: the proxy's first, then those of `listen`."""
    bypassed: tuple[str, ...]
    """The loopback names that need not pass the proxy."""
    bundle: Path
    """Public authorities, the machine's own, and ours."""
    authority: Path
    """Our own certificate alone; it outlives the run."""

    @property
    def observed(self) -> Path:
        """Where the processes of the command leave what mocks inside them answered."""
        return self.folder / "observed"

    @property
    def proxy_port(self) -> int:
        return self.ports[0]


@dataclass(frozen=True, slots=True)
class Means:
    """What leads one kind of client to us."""

    name: str
    variables: Mapping[str, str]
    files: Mapping[Path, bytes] = field(default_factory=dict)


def quoted(word: str) -> str:
    """A word of a variable that holds many, as Node and Java read them: `/a b` -> `"/a b"`."""
    return f'"{word}"' if " " in word else word


def joined(separator: str, *parts: str | None) -> str:
    """Those of the parts that say something: `(":", "/ours", None)` -> `/ours`."""
    return separator.join(part for part in parts if part)
