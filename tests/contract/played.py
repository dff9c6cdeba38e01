"""Handlers, asked as a consumer would ask them, in a world of its own: its clock, its ids, its chance."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from interceptor.answering.sources import Sources, asking
from interceptor.conversion import Conversion, convert
from interceptor.engine import load_engine
from interceptor.journal import JournalWriter
from interceptor.project.config import load_project
from interceptor.recorder.recorder import Recorder
from interceptor.redaction.redactor import Redactor
from interceptor.values.decisions import Mocked
from interceptor.values.messages import Request

URL = "http://api.example.com"
Asked = str | tuple[str, dict[str, str], bytes]


class World:
    """One run's sources; two of different seeds agree on nothing."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._now = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(seconds=self._chance.randint(0, 3 * 10**8))

    def now(self) -> datetime:
        self._now += timedelta(seconds=self._chance.random() * 0.2)
        return self._now

    def wait(self) -> None:
        """Until the next request."""
        self._now += timedelta(seconds=self._chance.random() * 20)

    def sources(self) -> Sources:
        def one() -> str:
            return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

        return Sources(self.now, one, self._chance.randint, self._chance.choice)


def play(
    folder: Path,
    handlers: str,
    asked: Sequence[Asked],
    *,
    seed: int = 1,
    specification: int = 3,
    states: Sequence[str] = (),
    files: dict[str, str] | None = None,
) -> tuple[dict[str, Any], Conversion, bytes]:
    """The pact of a run, what the export says of it, and the pact's bytes."""
    here = folder / f"run {len(list(folder.iterdir())) if folder.exists() else 0}"
    for name, text in {
        "interceptor.yaml": f"consumer: C\nproviders: {{API: {{url: {URL}}}}}\n",
        "handlers/api.yaml": handlers if handlers.startswith("provider:") else _file(handlers),
        **(files or {}),
    }.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    project = load_project(here / "interceptor.yaml")
    engine, world = load_engine(project), World(seed)
    engine.declare_states(frozenset(states))
    with JournalWriter(here / "run.jsonl", consumer="C") as journal, asking(world.sources()):
        recorder = Recorder(journal, Redactor.of(project))
        for each in asked:
            line, headers, body = (each, {}, b"") if isinstance(each, str) else each
            method, _, target = line.partition(" ")
            world.wait()
            request = Request(method, URL + target, tuple(headers.items()), body)
            decision = engine.decide(request)
            assert isinstance(decision, Mocked), decision
            recorder.note(request, decision, decision.response, at=world.now().timestamp())
    conversion = convert(project, [here / "run.jsonl"], specification=specification, output=here / "pacts")
    (pact,) = conversion.pacts
    content = pact.path.read_bytes()
    return json.loads(content), conversion, content


def _file(handlers: str) -> str:
    return "provider: API\nhandlers:\n" + "".join(f"  - {line}\n" for line in handlers.strip().splitlines())
