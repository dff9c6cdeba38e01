"""`interceptor states`: what providers have to set up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import say
from interceptor.cli.options import AsJson, pacts_of_project, write_output
from interceptor.values.errors import PactError, UsageError

if TYPE_CHECKING:
    from interceptor.scaffold.states import Asked


class Scaffold(StrEnum):
    """What a state handler file is written for."""

    FASTAPI = "fastapi"
    FLASK = "flask"
    DJANGO = "django"
    EXPRESS = "express"
    JSON = "json"


_SUFFIXES = {Scaffold.EXPRESS: "states.js", Scaffold.JSON: "states.json"}


def states(
    ctx: typer.Context,
    pacts: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PACT", help="Pact files. Default: the project's.", show_default=False),
    ] = None,
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Only this consumer's.")] = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this provider.")] = None,
    scaffold: Annotated[Scaffold | None, typer.Option(help="Write the provider's state handlers.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to. Default: named after the consumer."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the provider states that the pacts ask for, or write the file in which the provider sets them up.

    Written again, the file keeps what people wrote and gets the states that are new.
    """
    from interceptor.pact.read import read_pact
    from interceptor.scaffold import states as library

    found = [read_pact(path) for path in pacts or pacts_of_project(ctx.obj)]
    chosen = [pact for pact in found if consumer in {None, pact.consumer} and provider in {None, pact.provider}]
    if not chosen:
        pairs = ", ".join(f"{pact.consumer} with {pact.provider}" for pact in found)
        raise PactError("there is no such pact", f"there are: {pairs}")
    asked = library.asked_states(chosen)
    if scaffold is not None:
        _write(asked, scaffold, output)
    elif as_json:
        print(json.dumps(library.plain(asked), indent=2, ensure_ascii=False))
    elif markdown:
        print(library.markdown(asked), end="")
    else:
        _print(asked)


def _write(asked: Sequence[Asked], kind: Scaffold, output: Path | None) -> None:
    from interceptor.scaffold import states as library

    if len(asked) > 1:
        pairs = ", ".join(f"{each.consumer} with {each.provider}" for each in asked)
        raise UsageError(f"one file is for one pact, and there are {pairs}", "choose with --consumer and --provider")
    (one,) = asked
    name = f"{one.slug.replace('-', '_')}_{_SUFFIXES.get(kind, 'states.py')}"
    file = output or Path(name)
    existing = _existing(file)
    text = library.scaffold(kind.value, one, existing)
    if text == existing:
        say(f"{file} has every state already")
        return
    write_output(file, text.encode())
    count = "1 state" if len(one.states) == 1 else f"{len(one.states)} states"
    say(f"{'wrote' if existing is None else 'added to'} {file}: {count} of {one.consumer}")


def _existing(file: Path) -> str | None:
    try:
        return file.read_text("utf-8") if file.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot add to {file}: {error}", "name another file with --output") from error


def _print(asked: Sequence[Asked]) -> None:
    for each in asked:
        print(f"{each.consumer} asks of {each.provider}")
        for state in each.states:
            print(f"  given {state.name}")
            for values in state.params:
                if values:
                    print(f"    with {json.dumps(values, ensure_ascii=False)}")
            for description in state.interactions:
                print(f"    {description}")
        if each.without:
            print("  given nothing")
            for description in each.without:
                print(f"    {description}")
