"""A proxy beside this process, for tests that no `interceptor run` stands around."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from interceptor.testing.control_client import ControlClient
from interceptor.values.errors import InterceptorError, UsageError
from interceptor.values.variables import CONTROL_VARIABLE, DROPPED_VARIABLES

_SECONDS_TO_STOP = 120.0
"""The pacts of a long run are written in them."""
_WAIT = "import json, os, sys; print(json.dumps({**os.environ}), flush=True); sys.exit(int(sys.stdin.readline() or 1))"
"""The command that the proxy runs around: it tells us its variables, and ends as we say, or when we are gone."""


class Proxy:
    """`interceptor run` around this process: its variables are set while the context is open, and pacts written then.

        with Proxy() as proxy:
            proxy.control.given("product 10 exists")
            assert catalogue.product("10").name == "Kettle"

    Under `interceptor run` it is the proxy of that run, which ends, and writes the pacts, when its command does.

    Args:
        config: the project file.
        export: when the pacts are written. clean: where no exception leaves the context and no request is unhandled.
    """

    control: ControlClient
    """Declares states, adds handlers and asks what happened."""

    def __init__(
        self, config: Path | str = "interceptor.yaml", *, export: Literal["clean", "always", "never"] = "clean"
    ) -> None:
        self._words = [sys.executable, "-m", "interceptor", "--config", str(config)]
        self._words += ["run", "--json", "--allow-empty", "--no-isolated", "--export", export]
        self._words += ["--", sys.executable, "-I", "-S", "-c", _WAIT]
        self._folder = Path()
        """To which paths in the result are relative."""
        self._process: subprocess.Popen[str] | None = None
        self._errors = ""
        self._result: Any = None
        self._replaced: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.stop(succeeded=error is None) and error is None:
            raise InterceptorError(f"not all is well with what was asked of the proxy\n{self._errors}")

    @property
    def result(self) -> Any:
        """What `interceptor run --json` says at its end; None before it, and under `interceptor run`."""
        return self._result

    @property
    def recording(self) -> Path:
        """The journal of what was asked; once the proxy has stopped."""
        if self._result is None:
            raise UsageError("there is no recording: the proxy has not stopped, or is that of interceptor run")
        return Path(self._folder, self._result["journal"])

    @property
    def output(self) -> str:
        """What `interceptor run` prints at its end: requests without a handler, and what became of the pacts."""
        return self._errors

    def start(self) -> None:
        """Start it, for who cannot use a context: a setUpClass, a hook of behave, a cell of a notebook.

        Raises:
            UsageError: it cannot be started, with the reason.
        """
        self._result, self._errors = None, ""
        if CONTROL_VARIABLE not in os.environ:
            self._start()
        # A worker of pytest-xdist is a scope, as the preload for Python has it.
        scope = os.environ.get("INTERCEPTOR_SCOPE", os.environ.get("PYTEST_XDIST_WORKER", ""))
        self.control = ControlClient(os.environ[CONTROL_VARIABLE], scope)

    def stop(self, *, succeeded: bool = True) -> bool:
        """Stop it and write the pacts; a second call does nothing.

        Args:
            succeeded: False where the tests failed, so that no pacts are written.

        Returns:
            False where requests were unhandled, responses failed, or pacts could not be written. A pact that keeps
            what was not asked for this time is no failure: often only some of the tests are run.
        """
        if self._process is None:
            return True
        process, self._process = self._process, None
        self._restore_variables()
        try:
            output, _ = process.communicate("0\n" if succeeded else "1\n", _SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        self._read_errors()
        last = output.strip().rpartition("\n")[2]
        self._result = json.loads(last) if last else None
        return process.returncode == 0 or _is_fine(self._result)

    def _start(self) -> None:
        self._folder = Path.cwd()
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed when all is read
        # In a session of its own, so that Ctrl-C does not end it before the tests.
        process = subprocess.Popen(  # noqa: S603  # our own program
            self._words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._file,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip():
            process.communicate()
            self._read_errors()
            raise UsageError(f"the proxy could not be started\n{self._errors}")
        self._process = process
        self._set_variables(json.loads(line))

    def _read_errors(self) -> None:
        with self._file as file:
            file.seek(0)
            self._errors = file.read()

    def _set_variables(self, variables: dict[str, str]) -> None:
        changed = {name: value for name, value in variables.items() if os.environ.get(name) != value}
        self._replaced = {name: os.environ.get(name) for name in (*changed, *DROPPED_VARIABLES)}
        os.environ.update(changed)
        for name in DROPPED_VARIABLES:
            os.environ.pop(name, None)

    def _restore_variables(self) -> None:
        for name, value in self._replaced.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._replaced = {}


def _is_fine(result: Any) -> bool:
    if result is None or any(result["explanations"].values()):
        return False
    contract = result["contract"]
    return contract is not None and not any(finding["type"] == "error" for finding in contract["findings"])
