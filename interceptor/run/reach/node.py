"""Node: a preload that leads connections for owned origins to their doors."""

from __future__ import annotations

from interceptor.run.reach.means import PRELOADS, Ground, Means, joined

_PRELOAD = PRELOADS / "interceptor.cjs"


def node(ground: Ground) -> Means:
    """Children, worker threads and ES modules are reached too: all of them take NODE_OPTIONS."""
    path = str(_PRELOAD).replace("\\", "\\\\").replace('"', '\\"')
    option = f'--require "{path}"'
    theirs = ground.environ.get("NODE_OPTIONS", "").replace(option, "").strip()
    return Means("node", {"NODE_OPTIONS": joined(" ", option, theirs)})
