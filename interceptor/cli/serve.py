"""`interceptor serve`: the proxy in the foreground."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from secrets import token_urlsafe
from typing import Annotated

import typer

from interceptor.cli.context import Context, say, say_reached, set_up_logging, show_document
from interceptor.cli.live import live
from interceptor.cli.options import ProxyPort
from interceptor.project.config import Project, load_project
from interceptor.report.summary import hit_lines, summary_lines
from interceptor.run.listeners import HOST
from interceptor.run.trust import CERTIFICATE_FILE
from interceptor.session import RunContext, ending_signals, prepared
from interceptor.session import serve as serve_until_stopped
from interceptor.values.errors import UsageError
from interceptor.values.variables import note_variables, noted_variables

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,}")
"""It stands in URLs."""


def serve(
    ctx: typer.Context,
    port: ProxyPort = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on; one that is not loopback needs --token.")
    ] = HOST,
    token: Annotated[
        str | None,
        typer.Option(envvar="INTERCEPTOR_TOKEN", help="Clients have to give it as the password to the proxy."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of what handlers do by chance. Default: the project's.")] = None,
    env: Annotated[
        bool, typer.Option("--env", help="Print the variables for clients of the proxy that runs already, for eval.")
    ] = False,
) -> None:
    """Run the proxy in the foreground, until Ctrl-C, SIGTERM or SIGHUP.

    It reloads handlers when their files change, and reports unhandled requests as they happen.
    In another terminal, eval "$(interceptor serve --env)" leads the clients started there to it.
    """
    context: Context = ctx.obj
    project = load_project(context.config)
    if env:
        show_document(_variables(project))
        return
    _check(host, token)
    set_up_logging(context, warnings=True)
    if seed is not None:
        project = replace(project, settings=project.settings.model_copy(update={"seed": seed}))
    page = partial(live, project.settings.consumer)
    with (
        ending_signals() as wait,
        prepared(project, os.environ, port=port, host=host, token=token, page=page) as run_context,
    ):
        for warning in run_context.engine.warnings:
            say(str(warning))
        say_reached(run_context.reached, verbose=context.verbose)
        _introduce(run_context)
        finished = serve_until_stopped(run_context, wait, say)
    for line in (
        *(hit_lines(finished.summary) if context.verbose else ()),
        *summary_lines(finished.summary, project.providers, explained=True),
    ):
        say(line)
    say(f"recorded in {project.display(finished.journal)}")
    if finished.failure is not None:  # the log has told of it when it happened
        raise typer.Exit(finished.failure.exit_code)


def _check(host: str, token: str | None) -> None:
    """Refuse what would let others than this machine in.

    Raises:
        UsageError: for an address that is none, and without a token where one is needed.
    """
    try:
        address = ip_address(host)
    except ValueError:
        raise UsageError(f"--host {host}: this is no IP address", "name one, such as 0.0.0.0") from None
    if token is not None and not _TOKEN.fullmatch(token):
        raise UsageError("--token: use sixteen or more letters, digits and -._~", f"for instance {token_urlsafe(16)}")
    if token is None and not address.is_loopback:
        hint = "add --token TOKEN, or set INTERCEPTOR_TOKEN; clients then give it as the password to the proxy"
        raise UsageError(f"--host {host}: other machines could use the proxy and change its responses", hint)


def _variables(project: Project) -> str:
    """What a shell has to read.

    Raises:
        UsageError: no proxy runs here.
    """
    variables = noted_variables(project.root)
    if variables is None:
        raise UsageError("no proxy of this project is running", "start one in another terminal: interceptor serve")
    return variables


def _introduce(run_context: RunContext) -> None:
    """Print what one needs: where the proxy is, and how clients come to it."""
    changed = {name: value for name, value in run_context.environment.items() if os.environ.get(name) != value}
    note_variables(run_context.trust.bundle.parent, changed)
    say(f"the proxy is at {run_context.listeners.proxy_url}")
    for listener in run_context.listeners.published:
        say(f"{listener.provider} is at {listener.base_url}")
    say(f"clients have to trust {run_context.project.display(run_context.project.state_dir / CERTIFICATE_FILE)}")
    say('for clients of another terminal: eval "$(interceptor serve --env)"')
    # A token of the user's own is known to those who need it, and the log of a container to more than them.
    url = run_context.page_url
    say(f"what happens is shown at {url.replace(run_context.token, 'TOKEN') if run_context.guarded else url}")
