"""Node: a preload that leads connections for owned origins to their doors."""

from __future__ import annotations

from pathlib import Path

from interceptor.run.reach.means import PRELOADS, Ground, Means, joined

NODE_OPTIONS = "NODE_OPTIONS"
_PRELOAD = PRELOADS / "interceptor.cjs"


def node(ground: Ground) -> Means:
    """Children, worker threads and ES modules are reached too: all of them take NODE_OPTIONS."""
    return Means("node", {NODE_OPTIONS: requiring(_PRELOAD, ground.environ.get(NODE_OPTIONS, ""))})


def refuses_preloads(options: str) -> bool:
    """Whether Node would refuse to read our files: under its permission model, unless all may be read."""
    words = options.split()
    restricted = not {"--permission", "--experimental-permission"}.isdisjoint(words)
    return restricted and "--allow-fs-read=*" not in words


def requiring(preload: Path, options: str) -> str:
    """The options of Node with a preload in front, once."""
    path = str(preload).replace("\\", "\\\\").replace('"', '\\"')
    option = f'--require "{path}"'
    return joined(" ", option, options.replace(option, "").strip())
