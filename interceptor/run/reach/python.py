"""Python: a `sitecustomize` that leads connections for owned origins to their doors."""

from __future__ import annotations

import os

from interceptor.run.reach.means import PRELOADS, Ground, Means, joined


def python(ground: Ground) -> Means:
    """Whatever interpreter the command starts, and the user's own `sitecustomize` with it."""
    return Means("python", {"PYTHONPATH": joined(os.pathsep, str(PRELOADS), ground.environ.get("PYTHONPATH"))})
