"""The command line: the only place that prints and chooses exit codes.

Commands are imported when they are called, so that `interceptor --help` costs nothing.
"""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from interceptor.cli.context import PROJECT_FILE, Context, occupy_closed_streams, say, show_document
from interceptor.values.errors import InterceptorError, UsageError
from interceptor.values.lean import nothing_is_garbage

COMMANDS = {
    "init": "Write a project file and the first handlers.",
    "run": "Run a command under the proxy, then write the pacts.",
    "serve": "Run the proxy in the foreground.",
    "doctor": "Run a command and say how its clients reached the proxy.",
    "trust": "Say what the project's certificate authority can do.",
    "export": "Turn recordings into pact files.",
    "lint": "Check handlers and pacts: names, states, rules, secrets.",
    "check": "Compare pacts with the providers' OpenAPI documents.",
    "diff": "Show what has changed in the pacts.",
    "report": "Write the contract, its traffic and its findings as one HTML page.",
    "publish": "Publish the pacts to the broker.",
    "can-i-deploy": "Ask the broker whether a version can be deployed.",
    "record-deployment": "Record at the broker that a version was deployed.",
    "record-undeployment": "Record at the broker that nothing is deployed any more.",
    "record-release": "Record at the broker that a version was released.",
    "matrix": "Show which versions were verified against each other.",
    "webhook": "Set up the webhook that starts the provider's verification.",
    "broker": "Run any other command of the broker's client.",
    "verify": "Replay pacts against a running provider.",
    "publish-provider": "Publish an OpenAPI document to PactFlow as a provider contract.",
    "states": "List provider states, or write the provider's state handlers.",
    "schema": "Write the JSON Schemas of the project's files, for editors.",
}
"""Name to help text; each is a function of that name, with _ for -, in a module of that name beside this one."""

BUG = 3


class _Commands(TyperGroup):
    """The commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the base class decides
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # as above
        if cmd_name not in COMMANDS:
            return None
        own = cmd_name.replace("-", "_")
        with nothing_is_garbage():
            function = getattr(import_module(f"interceptor.cli.{own}"), own)
        command = _command(function, cmd_name)
        command.params += _command(_everywhere, cmd_name).params
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # as above
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _command(function: Any, name: str) -> Any:
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name, context_settings=getattr(function, "context_settings", None))(function)
    return typer.main.get_command(single)


def _set_config(ctx: typer.Context, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Context).config = value


def _set_verbose(ctx: typer.Context, value: bool) -> None:
    if value:
        ctx.ensure_object(Context).verbose = True


def _print_version(value: bool) -> None:
    if value:
        from interceptor import __version__

        show_document(f"interceptor {__version__}\n")
        raise typer.Exit


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help=f"The project file. Default: {PROJECT_FILE}.", callback=_set_config, expose_value=False
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print more.", callback=_set_verbose, expose_value=False)
]


def _everywhere(config: Config = None, verbose: Verbose = False) -> None:
    """The options that every command takes, before its name or after it."""


def _options(
    config: Config = None,
    verbose: Verbose = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Turn a consumer's test run into pacts."""


app = typer.Typer(cls=_Commands, add_completion=False, rich_markup_mode=None, no_args_is_help=True)
app.callback()(_options)


def _refusal(error: Exception) -> str | None:
    """What the system says where it refused something; None for a fault of ours."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    if isinstance(error, MemoryError):
        return "Cannot allocate memory"
    return str(error) if isinstance(error, RuntimeError) and "can't start new thread" in str(error) else None


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; always ends in SystemExit."""
    atexit.register(gc.freeze)  # else the interpreter collects garbage once more as it exits
    occupy_closed_streams()
    context = Context()
    command = typer.main.get_command(app)
    try:
        command.main(args=arguments, prog_name="interceptor", obj=context)
    except InterceptorError as error:
        say(error.message)
        if error.hint:
            say(error.hint)
        if context.verbose:
            traceback.print_exc()
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  # a user gets one line, not a traceback
        if context.verbose:
            traceback.print_exc()
        if (refusal := _refusal(error)) is not None:
            say(f"the system refuses what this command needs: {refusal}")
            say("check the free space, the rights, and the limits of processes and open files")
            sys.exit(UsageError.exit_code)
        where = "" if context.verbose else "; run it again with -v for the traceback"
        say(f"this is a bug in interceptor: {type(error).__name__}: {error}{where}")
        sys.exit(BUG)
