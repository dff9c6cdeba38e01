"""A run from beginning to end: addresses and trust laid out, a command under the proxy, what it saw."""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from socket import socket
from threading import Thread
from types import MappingProxyType
from typing import TypeAlias

from interceptor.engine import Engine, load_engine
from interceptor.engine.descriptions import load_descriptions
from interceptor.project.config import Project
from interceptor.recorder.control import Control
from interceptor.recorder.observed import note_observed
from interceptor.recorder.recorder import Recorder, recording
from interceptor.recorder.summary import Summary, as_plain
from interceptor.redaction.redactor import Redactor
from interceptor.run.command import Command, running, start
from interceptor.run.environment import bypassed, child_environment
from interceptor.run.listeners import HOST, Listeners, open_listeners
from interceptor.run.msw_handlers import msw_process
from interceptor.run.processes import Processes
from interceptor.run.reach.combined import Reached, laid_out
from interceptor.run.reach.isolation import Isolation, forwarding
from interceptor.run.reach.means import Ground
from interceptor.run.reload import reload_on_change
from interceptor.run.trust import (
    CERTIFICATE_FILE,
    Authority,
    TrustFiles,
    ensure_authority,
    permitted_hosts,
    trust_files,
)
from interceptor.run.upstream import Upstream, read_upstream
from interceptor.values.errors import RecordingError
from interceptor.values.lean import nothing_is_garbage
from interceptor.values.messages import Request, Response

_GARBAGE = 10_000
"""Objects that have not gone by themselves, before the collector looks at them: hardly any request leaves a cycle."""
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE = 0.1
"""Seconds in which a command ends that asks nothing; those that ask need longer to begin."""

Watch: TypeAlias = Callable[[Summary], AbstractContextManager[None]]
"""Looks at a summary while it grows."""


def _unwatched(_: Summary) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything that stands ready before the first request."""

    project: Project
    engine: Engine
    listeners: Listeners
    trust: TrustFiles
    upstream: Upstream
    token: str
    """Of the control address; who knows it may change what the proxy answers."""
    guarded: bool
    """The proxy asks for the token too."""
    environment: Mapping[str, str]
    """The variables under which a command has to run."""
    reached: Reached
    """What leads clients here that read no proxy variables."""
    observed: Path
    """The folder in which processes leave what mocks inside them answered."""
    page: Callable[[], Response] | None = None
    """Makes the page that shows what happens, at the control address."""

    @property
    def doors(self) -> Mapping[str, int]:
        """The loopback port that stands for an owned origin: `{"https://api.example.com:443": 41874}`."""
        return self.listeners.doors

    def still_answered(self, summary: Summary, provider: str, method: str, target: str) -> str | None:
        """Which handler answers a request of a pact still, and whether it was: `handlers.yaml:3 was not asked`.

        Args:
            summary: of the run.
            provider: the pact's.
            method: of the request.
            target: path below the provider's url, and query.
        """
        if provider not in self.project.providers:
            return None
        place = self.engine.answering(Request(method, f"{self.project.providers[provider].url[0]}{target}"))
        if place is None:
            return None
        return f"{place} {'was asked for others' if summary.hits[place] else 'was not asked'}"

    @property
    def page_url(self) -> str:
        """Where that page is."""
        return f"{self.listeners.proxy_url}/{self.token}/report"

    def isolation(self, allowed: Sequence[int]) -> Isolation:
        """A network for a command, in which some loopback ports of the host are to be reached."""
        return Isolation(self.listeners, tuple(allowed), self.trust.bundle, self.trust.confdir)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run left behind."""

    exit_code: int
    summary: Summary
    journal: Path
    failure: RecordingError | None = None
    """Why the journal lacks exchanges."""


@contextmanager
def prepared(
    project: Project,
    environ: Mapping[str, str],
    *,
    port: int | None = None,
    host: str = HOST,
    token: str | None = None,
    page: Callable[[], Response] | None = None,
) -> Iterator[RunContext]:
    """Load the handlers, bind the addresses, lay out the certificates; all but the authority is gone at the end.

    Args:
        project: whose handlers answer.
        environ: the user's variables.
        port: the proxy's, a free one when None.
        host: the address that the proxy listens on.
        token: of the control address, and to be given to the proxy; None for one of ours, and a proxy without.
        page: makes the page that shows what happens, at the control address.

    Raises:
        ConfigurationError: with every problem of the handler files, or of the contract file.
        UsageError: for a busy port, a proxy address that cannot be read, a folder that cannot be written.
    """
    with nothing_is_garbage():
        engine = load_engine(project, Redactor.of(project).request)
        engine.warnings += load_descriptions(project).warnings
        gc.freeze()  # handlers stay to the end: the collector need not walk thousands of them
    upstream = read_upstream(environ, project.settings.upstream_proxy)
    exact = [origin for origin in engine.origins if origin.exact]
    with (
        msw_process(project, environ) as engine.foreign,
        open_listeners(project.providers, port, exact, host=host) as listeners,
    ):
        authority = ensure_authority(project.state_dir, _vouched_for(project, engine))
        with trust_files(authority, project.state_dir, environ) as trust:
            known = token or secrets.token_urlsafe(16)
            ground = _ground(environ, project, engine, listeners, trust)
            reached = laid_out(project.settings.reach, project.settings.observe, ground)
            environment = child_environment(
                environ,
                proxy_url=listeners.proxy_url.replace("//", f"//{token}@") if token else listeners.proxy_url,
                trust=trust,
                control_url=f"{listeners.proxy_url}/{known}",
                base_urls=_base_urls(project, listeners),
                bypassed=ground.bypassed,
                means=reached.means,
            )
            yield RunContext(
                project,
                engine,
                listeners,
                trust,
                upstream,
                known,
                token is not None,
                environment,
                reached,
                ground.observed,
                page,
            )


def project_authority(project: Project) -> tuple[Authority, Sequence[str] | None]:
    """A project's certificate authority, and the hosts that it may vouch for; None for all.

    Raises:
        ConfigurationError: with every problem of the handler files.
        UsageError: for a folder that cannot be written.
    """
    hosts = _vouched_for(project, load_engine(project, Redactor.of(project).request))
    return ensure_authority(project.state_dir, hosts), hosts


def _vouched_for(project: Project, engine: Engine) -> Sequence[str] | None:
    """The hosts that the authority may vouch for; None for all, where even the answer to a foreign host is ours."""
    settings = project.settings
    return None if settings.authority == "any" or settings.others == "error" else permitted_hosts(engine.hosts)


def _ground(
    environ: Mapping[str, str], project: Project, engine: Engine, listeners: Listeners, trust: TrustFiles
) -> Ground:
    return Ground(
        environ,
        trust.confdir,
        {origin.partition("://")[2]: port for origin, port in listeners.doors.items()},
        tuple(
            f"{origin.host}:{origin.port}"
            for origin in engine.origins
            if origin.port != "*" and origin.host != "*" and str(origin) not in listeners.doors
        ),
        (listeners.port, *(each.port for each in listeners.published)),
        bypassed(engine.hosts),
        trust.bundle,
        project.state_dir / CERTIFICATE_FILE,
    )


def run_command(
    context: RunContext,
    words: Sequence[str],
    isolation: Isolation | None = None,
    *,
    watch: Watch = _unwatched,
    observed: bool = False,
) -> Finished:
    """Run a command under the proxy.

    The command starts at once: its first connections wait in the sockets' queues until the proxy is there.

    Args:
        context: what stands ready.
        words: the command and its arguments.
        isolation: a network for it alone.
        watch: is open while the command runs, and given the summary that grows meanwhile.
        observed: the process at the other end of each connection is looked up.

    Raises:
        UsageError: the system forbids such a network.
        CommandNotFoundError: there is no such program.
        CommandNotRunnableError: there is, but the system will not run it.
    """
    held = context.engine.has_resolvers
    if isolation is None:
        with running(partial(start, words, context.environment), may_be_held=held) as command:
            return _accompany(context, command, {}, watch, Processes() if observed else None)
    with running(partial(isolation.start, words, context.environment), may_be_held=held) as isolated:
        inside = replace(context, listeners=isolated.listeners)
        return _accompany(inside, isolated, isolated.allowed, watch, Processes(isolated.pid) if observed else None)


def _accompany(
    context: RunContext,
    command: Command,
    allowed: Mapping[int, Sequence[socket]],
    watch: Watch,
    processes: Processes | None,
) -> Finished:
    process_of = None if processes is None else processes.at
    with recording(context.project, context.engine.handler_places) as (recorder, journal):
        with watch(recorder.summary):
            exit_code = asyncio.run(_until(command.wait, context, recorder, allowed=allowed, process_of=process_of))
        note_observed(context.observed, context.project.owners, recorder)
        journal.end({"exit_code": exit_code, **as_plain(recorder.summary)})
    return Finished(exit_code, recorder.summary, journal.path, journal.failure)


@contextmanager
def ending_signals() -> Iterator[Callable[[], int]]:
    """Hold SIGINT, SIGTERM and SIGHUP back, for the call that waits for one of them.

    One that comes while everything is still being laid out ends the wait at once, and nothing is left behind.
    """
    held = [each for each in _ENDING if signal.getsignal(each) != signal.SIG_IGN]  # as under nohup
    signal.pthread_sigmask(signal.SIG_BLOCK, held)

    def wait() -> int:
        signal.sigwait(held)
        return 0

    try:
        yield wait
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)


def serve(context: RunContext, wait: Callable[[], int], tell: Callable[[str], None]) -> Finished:
    """Answer until a signal ends it, with the handlers as their files are.

    Args:
        context: what stands ready.
        wait: waits for the signal, as `ending_signals` gives it.
        tell: is given what became of changes.
    """
    with recording(context.project, context.engine.handler_places) as (recorder, journal):
        exit_code = asyncio.run(_until(wait, context, recorder, tell=tell))
        journal.end({"exit_code": exit_code, **as_plain(recorder.summary)})
    return Finished(exit_code, recorder.summary, journal.path, journal.failure)


async def _until(
    wait: Callable[[], int],
    context: RunContext,
    recorder: Recorder,
    *,
    allowed: Mapping[int, Sequence[socket]] = MappingProxyType({}),
    process_of: Callable[[tuple[str, int]], str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> int:
    """Answer requests until a blocking call returns, and give its result; follow the files where somebody is told."""
    waiting = _in_background(wait)
    if not await _worth_serving(waiting, context.listeners):
        return waiting.result()
    from interceptor.proxy.server import serving  # noqa: PLC0415  # a command that asks nothing need not wait for it

    gc.freeze()  # modules stay, too
    gc.set_threshold(_GARBAGE)

    async with (
        serving(
            context.listeners,
            context.engine,
            recorder,
            others=context.project.settings.others,
            trust=context.trust,
            upstream=context.upstream,
            control=Control(context.engine, recorder, context.token, context.page),
            http2=context.project.settings.http2,
            guard=context.token if context.guarded else None,
            process_of=process_of,
        ),
        forwarding(allowed),
    ):
        if tell is None:
            return await waiting
        replaced = recorder.summary.replace_handlers
        following = asyncio.create_task(reload_on_change(context.project, context.engine, replaced, tell))
        try:
            return await waiting
        finally:
            following.cancel()
            await asyncio.wait([following])


async def _worth_serving(waiting: asyncio.Future[int], doors: Listeners) -> bool:
    """False where the command is gone before it could ask anything: the proxy need not be imported for that."""
    loop = asyncio.get_running_loop()
    news, visited = asyncio.Event(), asyncio.Event()

    def visit() -> None:
        visited.set()
        news.set()

    waiting.add_done_callback(lambda _: news.set())
    for door in doors.sockets:
        loop.add_reader(door, visit)
    with suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), _GRACE)
    for door in doors.sockets:
        loop.remove_reader(door)
    return visited.is_set() or not waiting.done()


def _in_background(wait: Callable[[], int]) -> asyncio.Future[int]:
    """The result of a blocking call.

    The loop's own executor would have the loop wait for the call at its end, even where the proxy failed to start.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()

    def tell(result: int) -> None:
        if not future.cancelled():
            future.set_result(result)

    def work() -> None:
        result = wait()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result)

    Thread(target=work, name="wait", daemon=True).start()
    return future


def _base_urls(project: Project, listeners: Listeners) -> dict[str, str]:
    """The variables that providers ask for under `env`, with their local base URLs."""
    urls = {each.provider: each.base_url for each in listeners.published}
    return {each.env: urls[name] for name, each in project.providers.items() if each.env is not None}
