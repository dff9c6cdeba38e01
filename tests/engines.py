"""Builds an engine from texts, as a project on disk would give it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interceptor.engine import Engine, load_engine
from interceptor.project.config import load_project

PROJECT = """\
consumer: Product Site
providers:
  Product API:
    url: [https://api.example.com/v1, http://api.example.com/v1]
"""

BuildEngine = Callable[..., Engine]


@pytest.fixture
def build_engine(tmp_path: Path) -> BuildEngine:
    """`build_engine(handlers, project=..., files={"handlers/a.json": "..."})` -> an Engine."""

    def build(handlers: str, *, project: str = PROJECT, files: dict[str, str] | None = None) -> Engine:
        for name, text in {
            "interceptor.yaml": project,
            "handlers/api.yaml": handlers,
            **(files or {}),
        }.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load_engine(load_project(tmp_path / "interceptor.yaml"))

    return build
