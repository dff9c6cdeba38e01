"""`interceptor states`: the states that providers have to set up."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import say, show_document, show_json, show_line
from interceptor.cli.options import AsJson, PactPaths, chosen_pacts, say_passed_over, write_output
from interceptor.values.errors import PactError, UsageError

if TYPE_CHECKING:
    from interceptor.pact.states import RequiredStates


class Scaffold(StrEnum):
    """What a state handler file is written for."""

    FASTAPI = "fastapi"
    FLASK = "flask"
    DJANGO = "django"
    EXPRESS = "express"
    JSON = "json"


def states(
    ctx: typer.Context,
    pacts: PactPaths = None,
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Only the states of this consumer.")] = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Only the states of this provider.")] = None,
    scaffold: Annotated[Scaffold | None, typer.Option(help="Write the provider's state handlers.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The file. Default: named after the provider."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the provider states that the pacts require, or write the file in which a provider sets them up.

    An existing file keeps its content; only the missing states are added.
    """
    from interceptor.pact.states import required_states
    from interceptor.report.states import states_json, states_lines, states_markdown

    found = chosen_pacts(ctx.obj, pacts)
    chosen = [pact for pact in found if consumer in {None, pact.consumer} and provider in {None, pact.provider}]
    if not chosen:
        pairs = ", ".join(f"{pact.consumer} with {pact.provider}" for pact in found)
        raise PactError("there is no such pact", f"there are: {pairs}")
    say_passed_over(chosen)
    required = required_states(chosen)
    if scaffold is not None:
        _write(required, scaffold, output)
    elif as_json:
        show_json(states_json(required))
    elif markdown:
        show_document(states_markdown(required))
    else:
        for line in states_lines(required):
            show_line(line)


def _write(required: Sequence[RequiredStates], scaffold: Scaffold, output: Path | None) -> None:
    from interceptor.report.lines import counted
    from interceptor.scaffold.state_handlers import state_handlers, state_handlers_file_names

    providers = list(dict.fromkeys(each.provider for each in required))
    if output is not None and len(providers) > 1:
        raise UsageError(
            f"one file is for one provider, and there are {', '.join(providers)}", "choose with --provider"
        )
    files = [output] if output else map(Path, state_handlers_file_names(scaffold.value, providers))
    for provider, file in zip(providers, files, strict=True):
        own = [each for each in required if each.provider == provider]
        existing = _existing(file)
        text = state_handlers(scaffold.value, own, file.name, existing)
        if text == existing:
            say(f"{file} has every state already")
            continue
        write_output(file, text.encode())
        act = "wrote" if existing is None else "added to"
        count = counted(sum(len(each.states) for each in own), "state")
        say(f"{act} {file}: {count} of {' and '.join(dict.fromkeys(each.consumer for each in own))}")


def _existing(file: Path) -> str | None:
    try:
        return file.read_text("utf-8") if file.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot add to {file}: {error}", "name another file with --output") from error
