"""All means of reach that a project uses, laid out for a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from interceptor.project.config import Observe, Reach
from interceptor.run.reach.browsers import browsers
from interceptor.run.reach.java import java
from interceptor.run.reach.means import Ground, Means
from interceptor.run.reach.mocks import mocks
from interceptor.run.reach.node import NODE_OPTIONS, node, refuses_preloads
from interceptor.run.reach.perl import perl
from interceptor.run.reach.php import php
from interceptor.run.reach.python import python
from interceptor.run.reach.wget import wget

DOORS_VARIABLE = "INTERCEPTOR_DOORS"
PATTERNS_VARIABLE = "INTERCEPTOR_PATTERNS"
PORTS_VARIABLE = "INTERCEPTOR_PORTS"
AUTHORITY_VARIABLE = "INTERCEPTOR_CA"


@dataclass(frozen=True, slots=True)
class Reached:
    """The means of a run, laid out."""

    means: tuple[Means, ...]
    problems: tuple[str, ...] = ()
    """Why a means is missing that the project wants; the run goes on without it."""

    @property
    def names(self) -> str:
        return ", ".join(each.name for each in self.means if each.variables and each.name != _SHARED)


_SHARED = "shared"


def laid_out(settings: Reach, observe: Observe, ground: Ground) -> Reached:
    """Write the files of all means that the project has not switched off."""
    ready, problems = [_shared(ground)], []
    node_refuses = refuses_preloads(ground.environ.get(NODE_OPTIONS, ""))
    if node_refuses and settings.node:
        problems.append(
            "continuing without the settings for node: it may not read them, as NODE_OPTIONS has --permission "
            "(--allow-fs-read=* lets it)"
        )
    for each in _means_of(settings if not node_refuses else settings.model_copy(update={"node": False}), ground):
        try:
            _lay_out(each)
        except OSError as error:
            problems.append(f"continuing without the settings for {each.name}: cannot write them: {error.strerror}")
        else:
            ready.append(each)
    variables = {name: value for each in ready for name, value in each.variables.items()}
    ready.append(mocks(observe, ground, variables, in_node=not node_refuses))
    return Reached(tuple(ready), tuple(problems))


def _means_of(settings: Reach, ground: Ground) -> Iterator[Means]:
    wanted: dict[Callable[[Ground], Means], bool] = {
        node: settings.node,
        python: settings.python,
        java: settings.java,
        php: True,
        perl: True,
        wget: True,
        browsers: True,
    }
    yield from (means(ground) for means, used in wanted.items() if used)


def _shared(ground: Ground) -> Means:
    """What the preloads of all languages read."""
    doors = " ".join(f"{address}={port}" for address, port in ground.doors.items())
    return Means(
        _SHARED,
        {
            DOORS_VARIABLE: doors,
            PATTERNS_VARIABLE: " ".join(ground.patterns),
            PORTS_VARIABLE: " ".join(map(str, ground.ports)),
            AUTHORITY_VARIABLE: str(ground.authority),
        },
    )


def _lay_out(each: Means) -> None:
    """Write the files of a means, for nobody's eyes but the user's: they may hold settings of theirs.

    Raises:
        OSError: where one cannot be written.
    """
    for path, content in each.files.items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)
