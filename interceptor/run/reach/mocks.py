"""Mocks inside the consumer's processes: preloads that note what those answer."""

from __future__ import annotations

from collections.abc import Mapping

from interceptor.project.config import Observe
from interceptor.run.reach.means import PRELOADS, Ground, Means
from interceptor.run.reach.node import NODE_OPTIONS, requiring

OBSERVED_VARIABLE = "INTERCEPTOR_OBSERVED"
"""The folder of the run in which each process of the command leaves what it noted."""
_LIBRARIES_VARIABLE = "INTERCEPTOR_OBSERVED_LIBRARIES"
_PRELOAD = PRELOADS / "observe.cjs"


def mocks(settings: Observe, ground: Ground, variables: Mapping[str, str], *, in_node: bool) -> Means:
    """The part for Node is a preload of its own; the part for Python is loaded by the run's `sitecustomize`.

    Args:
        settings: which mocks are noted.
        ground: what every means is made from.
        variables: those of the means before, which stay.
        in_node: whether Node loads preloads.
    """
    libraries = [name for name, noted in settings if noted]
    if not libraries:
        return Means("mocks", {})
    options = variables.get(NODE_OPTIONS, ground.environ.get(NODE_OPTIONS, ""))
    observing = {OBSERVED_VARIABLE: str(ground.observed), _LIBRARIES_VARIABLE: " ".join(libraries)}
    return Means("mocks", observing | ({NODE_OPTIONS: requiring(_PRELOAD, options)} if in_node else {}))
