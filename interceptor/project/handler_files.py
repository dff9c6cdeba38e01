"""Which handler files a project has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from interceptor.project.config import Project
from interceptor.values.errors import Problem

YAML_SUFFIXES = (".yaml", ".yml")


def handler_paths(project: Project, problems: list[Problem]) -> Iterator[Path]:
    """The handler files of a project; where there are none to be found is added to the problems."""
    seen: set[Path] = set()
    for index, entry in enumerate(project.settings.handlers):
        if not isinstance(entry, str):
            continue
        path = project.root / entry
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix in YAML_SUFFIXES and file.is_file())
        elif path.is_file():
            found = [path]
        else:
            found = sorted(file for file in project.root.glob(entry) if file.is_file()) if _is_glob(entry) else []
        if not found:
            where = project.node.at("handlers", index)
            problems.append(where.problem(f'there are no handler files at "{entry}"; create one, or change handlers'))
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _is_glob(entry: str) -> bool:
    return any(char in entry for char in "*?[") and not entry.startswith("/")
