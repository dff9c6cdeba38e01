"""The addons for a mitmproxy that somebody else runs: `mitmdump -s addons/intercept.py --set interceptor=FILE`.

There is no server of ours: the other addons of that mitmproxy want to see the flows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader

from interceptor.engine import load_engine
from interceptor.project.config import PROJECT_FILE, Project, load_project
from interceptor.proxy.dispatcher import Dispatcher
from interceptor.proxy.mitm.addon import InterceptAddon
from interceptor.recorder.recorder import Recorder, recording
from interceptor.recorder.summary import Summary
from interceptor.redaction.redactor import Redactor
from interceptor.values.errors import InterceptorError

log = logging.getLogger(__name__)

OPTION = "interceptor"


class Intercept:
    """Answers from the project's handlers and records every exchange in a journal of the project.

    Args:
        closing_lines: what to log at the end, from the run's summary and the journal's path.
    """

    def __init__(self, closing_lines: Callable[[Summary, str], Iterable[str]]) -> None:
        self._closing_lines = closing_lines
        self.addons: Sequence[Any] = ()
        self._closing = ExitStack()

    def load(self, loader: Loader) -> None:
        loader.add_option(OPTION, str, PROJECT_FILE, "The project file of interceptor.")

    def configure(self, updated: set[str]) -> None:
        if OPTION not in updated:
            return
        self.done()
        try:
            self._open(self.project(load_project(Path(getattr(ctx.options, OPTION)))))
        except InterceptorError as error:
            raise exceptions.OptionsError(error.message) from error

    def running(self) -> None:
        ctx.options.update(connection_strategy="lazy")  # a mocked host need not exist

    def done(self) -> None:
        self.addons = ()
        self._closing.close()

    @staticmethod
    def project(project: Project) -> Project:
        """The project as this addon reads it."""
        return project

    def _open(self, project: Project) -> None:
        engine = load_engine(project, Redactor.of(project).request)
        for warning in engine.warnings:
            log.warning(str(warning))
        recorder, journal = self._closing.enter_context(recording(project, engine.handler_places))
        self._closing.callback(self._sum_up, recorder, project.display(journal))
        self.addons = (InterceptAddon(Dispatcher(engine, recorder), project.settings.others),)

    def _sum_up(self, recorder: Recorder, journal: str) -> None:
        for line in self._closing_lines(recorder.summary, journal):
            log.info("%s", line)


class Record(Intercept):
    """Records what the providers really answer, and answers nothing itself."""

    @staticmethod
    def project(project: Project) -> Project:
        settings = project.settings.model_copy(update={"handlers": [], "unhandled": "bypass"})
        return replace(project, settings=settings)
