"""Handlers read anew when a file changes that they come from, while the proxy goes on answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from interceptor.engine import Engine, load_engine
from interceptor.project.config import Project
from interceptor.project.handler_files import handler_paths
from interceptor.values.errors import ConfigurationError

Look: TypeAlias = dict[Path, tuple[int, int]]
"""When a file was written last, and its size."""


async def reload_on_change(
    project: Project, engine: Engine, replaced: Callable[[Sequence[str]], None], tell: Callable[[str], None]
) -> None:
    """Follow the handler files, and the fixtures and resolvers they name, until cancelled.

    What does not parse changes nothing: the handlers stay as they were, and the problems are told.

    Args:
        project: whose files.
        engine: takes the new handlers.
        replaced: is given the places of the new handlers.
        tell: is given a line for people.
    """
    from watchfiles import awatch  # noqa: PLC0415  # only `serve` follows files

    seen = _look(project, engine)
    while True:
        folders = _folders(project, engine)
        # The events only wake us: what they name is spelt differently by every system, and editors replace files.
        async for _ in awatch(*folders, recursive=False, watch_filter=None, yield_on_timeout=True):
            now = _look(project, engine)
            if now == seen:
                continue
            if now.get(project.file) != seen.get(project.file):
                tell(f"{project.display(project.file)} has changed: stop and start again to use it")
            if _without(now, project.file) != _without(seen, project.file):
                await _reload(project, engine, replaced, tell)
            seen = _look(project, engine)
            if _folders(project, engine) != folders:
                break


async def _reload(
    project: Project, engine: Engine, replaced: Callable[[Sequence[str]], None], tell: Callable[[str], None]
) -> None:
    try:
        anew = await asyncio.to_thread(load_engine, project)
        if engine.foreign is not None:
            await asyncio.to_thread(engine.foreign.restart)
    except ConfigurationError as error:
        tell(f"{error.message}\nthe handlers stay as they were")
        return
    engine.replace_handlers(anew)
    replaced(anew.handler_places)
    for warning in anew.warnings:
        tell(str(warning))
    count = len(anew.handler_places)
    tell(f"reloaded {count} handler{'' if count == 1 else 's'}")


def _look(project: Project, engine: Engine) -> Look:
    look: Look = {}
    for path in {project.file, *engine.files, *handler_paths(project, [])}:
        with suppress(OSError):
            status = path.stat()
            look[path] = (status.st_mtime_ns, status.st_size)
    return look


def _folders(project: Project, engine: Engine) -> set[Path]:
    """Where those files are, and where new ones may appear."""
    folders = {path.parent for path in (project.file, *engine.files, *handler_paths(project, []))}
    folders |= {project.root / entry for entry in project.settings.handlers if isinstance(entry, str)}
    return {folder for folder in folders if folder.is_dir()}


def _without(look: Look, path: Path) -> Look:
    return {each: value for each, value in look.items() if each != path}
