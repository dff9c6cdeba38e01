"""Handlers of MSW in a Node process of ours, which answers requests by MSW's own `getResponse`."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import IO, Any, TypeAlias

from interceptor.engine.elsewhere import ForeignAnswer
from interceptor.project.config import MswHandlers, Project
from interceptor.project.state_dir import make_state_dir
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.messages import Request, Response

_SCRIPT = Path(__file__).with_suffix(".mjs")
_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 5.0
_LOCATED = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<text>.*)", re.DOTALL)
_SECONDS_TO_READ = 1.0
"""What a process has written is read within that time of its end, even if children of its keep the pipe open."""
_Complain: TypeAlias = Callable[[str | None, str], Problem]
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


class MswError(Exception):
    """Why MSW's handlers gave no answer."""


class MswProcess:
    """The process, and who waits for its answers.

    Args:
        project: names the files.
        environ: the user's variables, without anything of ours: what the handlers ask goes to real servers.

    Raises:
        ConfigurationError: at the project file's entry, or at the line of the handlers that cannot be read.
    """

    def __init__(self, project: Project, environ: Mapping[str, str]) -> None:
        self._project = project
        self._environ = environ
        entries = enumerate(project.settings.handlers)
        self._entries = {index: each.msw for index, each in entries if isinstance(each, MswHandlers)}
        self._ids = count()
        self._started: _Started | None = None
        self.restart()

    @property
    def name(self) -> str:
        return ", ".join(self._entries.values())

    @property
    def files(self) -> frozenset[Path]:
        return frozenset() if self._started is None else self._started.files

    def restart(self) -> None:
        """Read the files anew; where that fails, the handlers stay as they were.

        Raises:
            ConfigurationError: that says why.
        """
        started = _Started(self._command(), self._environ, self._problem)
        before, self._started = self._started, started
        if before is not None:
            before.stop()

    def stop(self) -> None:
        if self._started is not None:
            self._started.stop()

    def ask(self, request: Request, base_url: str) -> ForeignAnswer | None:
        """The answer of the first handler for a request, or None where there is none; blocks.

        Raises:
            MswError: where a handler fails, or the process has ended.
        """
        assert self._started is not None
        question = {
            "id": next(self._ids),
            "method": request.method,
            "url": request.url,
            "headers": [[name, value] for name, value in request.headers if name not in _OF_THE_WIRE],
            "body": base64.b64encode(request.body).decode(),
            "base": base_url,
        }
        answer = self._started.ask(question)
        if "failed" in answer:
            raise MswError(answer["failed"])
        if "unhandled" in answer:
            return None
        if "passes" in answer or "broken" in answer:
            return ForeignAnswer(answer["place"], passes="passes" in answer)
        headers = tuple((name, value) for name, value in answer["headers"] if name not in _OF_THE_WIRE)
        return ForeignAnswer(answer["place"], Response(answer["status"], headers, base64.b64decode(answer["body"])))

    def _command(self) -> list[str]:
        node = shutil.which("node", path=self._environ.get("PATH"))
        if node is None:
            raise ConfigurationError([self._problem(None, "there is no node on the PATH to run these handlers of MSW")])
        root = self._project.root
        make_state_dir(self._project.state_dir)
        files = [str((root / each).resolve()) for each in self._entries.values()]
        return [node, "--enable-source-maps", str(_SCRIPT), str(root), str(self._project.state_dir), *files]

    def _problem(self, file: str | None, why: str) -> Problem:
        """What is wrong, at the line that is, where Node or esbuild name one; else at the project file's entry."""
        if file is not None and (located := _LOCATED.match(why)):
            return Problem(located["file"], int(located["line"]), int(located["column"]), located["text"])
        index = next((index for index, each in self._entries.items() if each == file), next(iter(self._entries)))
        said = why if file is None else f"cannot read {file}: {why}"
        return self._project.node.at("handlers", index, "msw").problem(said)


class _Started:
    """One process, from its start to its end."""

    def __init__(
        self, command: list[str], environ: Mapping[str, str], problem: Callable[[str | None, str], Problem]
    ) -> None:
        their_input, our_output = os.pipe()
        our_input, their_output = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603  # the user's own handlers
                [*command[:3], str(their_input), str(their_output), *command[3:]],
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=2,  # what handlers print is for people, and no answer
                pass_fds=(their_input, their_output),
                start_new_session=True,  # a key that stops the tests must not stop it before they have ended
            )
        finally:
            os.close(their_input)
            os.close(their_output)
        self._write = os.fdopen(our_output, "w", encoding="utf-8")
        self._read = os.fdopen(our_input, "r", encoding="utf-8")
        self._ended: str | None = None
        self._waiting: dict[int, SimpleQueue[dict[str, Any]]] = {}
        self._lock = Lock()
        self._first: SimpleQueue[dict[str, Any]] = SimpleQueue()
        listener = Thread(target=self._listen, args=(self._read,), name="msw", daemon=True)
        listener.start()
        Thread(target=self._watch, args=(listener,), name="msw", daemon=True).start()
        self.files = self._handshake(problem)

    def _handshake(self, problem: _Complain) -> frozenset[Path]:
        try:
            first = self._first.get(timeout=_SECONDS_TO_START)
        except Empty:
            first = {"ended": f"it does not answer within {_SECONDS_TO_START:.0f} seconds"}
        if "ready" in first:
            return frozenset(map(Path, first["ready"]))
        self.stop()
        raise ConfigurationError([problem(first.get("failed"), first.get("why") or first["ended"])])

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        answers: SimpleQueue[dict[str, Any]] = SimpleQueue()
        with self._lock:
            self._waiting[question["id"]] = answers
            with suppress(OSError, ValueError):  # it has ended: the listener says so to all who wait
                self._write.write(f"{json.dumps(question)}\n")
                self._write.flush()
            if self._ended is not None:
                return {"failed": self._ended}
        return answers.get()

    def _listen(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                with suppress(NotJsonError):
                    self._take(parse_json(line.encode()))

    def _take(self, said: Json) -> None:
        if isinstance(said, dict) and isinstance(said.get("id"), int):
            if (answers := self._waiting.pop(said["id"], None)) is not None:
                answers.put(said)
        elif isinstance(said, dict):
            self._first.put(said)

    def _watch(self, listener: Thread) -> None:
        status = self._process.wait()
        listener.join(_SECONDS_TO_READ)
        how = f"by signal {-status}" if status < 0 else f"with exit code {status}"
        with self._lock:
            self._ended = f"the Node process that runs the handlers has ended {how}"
            for answers in self._waiting.values():
                answers.put({"failed": self._ended})
            self._first.put({"ended": self._ended})

    def stop(self) -> None:
        with suppress(OSError):
            self._write.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def msw_process(project: Project, environ: Mapping[str, str]) -> Iterator[MswProcess | None]:
    """The process of a project's MSW handlers, where it has some; gone at the end.

    Raises:
        ConfigurationError: where they cannot be read.
    """
    if not any(isinstance(each, MswHandlers) for each in project.settings.handlers):
        yield None
        return
    process = MswProcess(project, environ)
    try:
        yield process
    finally:
        process.stop()
