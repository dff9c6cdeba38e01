"""`interceptor diff`: what has changed in the contract."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import show, show_document, show_json
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    AsJson,
    PactPaths,
    Retries,
    Timeout,
    chosen_pacts,
    say_passed_over,
)

if TYPE_CHECKING:
    from interceptor.pact.read import Pact


def diff(
    ctx: typer.Context,
    pacts: PactPaths = None,
    against: Annotated[
        str, typer.Option(metavar="WHAT", help="git:REVISION, a file or folder, or `broker` for its latest pact.")
    ] = "git:HEAD",
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which interactions were added, removed or changed, field by field, and whether a provider could notice."""
    from interceptor.broker import find_broker
    from interceptor.cli.earlier import pact_at_broker, pact_in_git, pact_of_pair
    from interceptor.pact.changes import changes
    from interceptor.report.changes import ChangedPact, change_lines, changed_pact_line, changes_json, changes_markdown

    broker = find_broker(os.environ, retries=retries, seconds=timeout) if against == "broker" else None

    def earlier(pact: Pact) -> Pact | None:
        if broker is not None:
            return pact_at_broker(pact, broker)
        if against.startswith("git:"):
            return pact_in_git(pact, against.removeprefix("git:"))
        other = Path(against)
        return pact_of_pair(pact, other / pact.file.name if other.is_dir() else other)

    read = chosen_pacts(ctx.obj, pacts)
    say_passed_over(read)
    changed = [ChangedPact(pact, against, changes(earlier(pact), pact)) for pact in read]
    if as_json:
        show_json(changes_json(changed))
    elif markdown:
        show_document(changes_markdown(changed))
    else:
        for each in changed:
            show(changed_pact_line(each), change_lines(each.changes))
