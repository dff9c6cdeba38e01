"""Where the handlers of a new project come from: recordings, other mock servers, an OpenAPI document."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from interceptor.scaffold.project import FIRST_HANDLER, NewProvider
from interceptor.values.errors import UsageError

if TYPE_CHECKING:
    from interceptor.cli.context import Context
    from interceptor.values.damage import Damage
    from interceptor.values.exchange import ImportedExchange

EXAMPLE = "Product API=https://api.example.com/v1"


class HandlerSource(StrEnum):
    """What handlers are made from, as its option is spelt."""

    HAR = "--from-har"
    VCR = "--from-vcr"
    WIREMOCK = "--from-wiremock"
    HOVERFLY = "--from-hoverfly"
    POSTMAN = "--from-postman"
    JOURNAL = "--from-journal"
    OPENAPI = "--from-openapi"
    MSW_ADAPTER = "--from-msw-adapter"


_EMPTY = {
    HandlerSource.HAR: "record one in a browser's network panel",
    HandlerSource.VCR: "record the cassettes again",
    HandlerSource.POSTMAN: "save responses as examples in Postman, and export the collection again",
    HandlerSource.JOURNAL: "record real responses with `record: all` in interceptor.yaml",
}
_SELF_EXPLAINING = {
    HandlerSource.HAR: "HAR file",
    HandlerSource.VCR: "cassettes",
    HandlerSource.POSTMAN: "collection",
    HandlerSource.JOURNAL: "journal",
}
"""Sources that name their providers."""


def imported(
    context: Context, source: HandlerSource | None, file: Path | str | None, named: list[str]
) -> tuple[list[NewProvider], list[str]]:
    """The providers of the source that was named, and what is to be said about it.

    Raises:
        UsageError: the source is of another kind, holds nothing, or names its providers itself.
    """
    root = context.config.parent
    if source is None or file is None:
        return [named_provider(text) for text in named or [EXAMPLE]], []
    if source is HandlerSource.OPENAPI:
        found = _documented(str(file), root, named)
        return [found], [] if found.handlers else [f"{file} describes no response"]
    if named and source in _SELF_EXPLAINING:
        raise UsageError(
            f"--provider and {source} do not go together", f"the {_SELF_EXPLAINING[source]} names the providers"
        )
    if source is HandlerSource.JOURNAL and file == Path():
        file = _latest(context)
    from interceptor.recordings.kinds import require_kind

    require_kind(Path(file), source.removeprefix("--from-"))
    if source in _SELF_EXPLAINING:
        return _recorded(source, Path(file), context)
    return _mapped(source, Path(file), named)


def named_provider(text: str) -> NewProvider:
    """`--provider NAME=URL`, with a first handler.

    Raises:
        UsageError: it is not of that form.
    """
    name, equals, url = text.partition("=")
    if not (name.strip() and equals and url.startswith(("http://", "https://"))):
        raise UsageError(f'"{text}" is not a provider\'s name and URL', f'write --provider "{EXAMPLE}"')
    return NewProvider(name.strip(), [url], [FIRST_HANDLER], {})


def _documented(where: str, root: Path, named: list[str]) -> NewProvider:
    """The provider of a document; `--provider` gives it another name and URL."""
    from interceptor.scaffold.documented import import_document

    if len(named) > 1:
        raise UsageError("a document describes one provider", f'name it with one --provider "{EXAMPLE}"')
    path = where if "://" in where else os.path.relpath(Path(where).resolve(), root.resolve())
    found = import_document(path, root.resolve())
    if not named:
        return found
    provider = named_provider(named[0])
    return replace(found, name=provider.name, urls=provider.urls)


def _latest(context: Context) -> Path:
    from interceptor.journal import latest_recording
    from interceptor.project.config import load_project

    latest = latest_recording(load_project(context.config).recordings)
    if latest is None:
        raise UsageError("there is no journal to import", "record one: interceptor run -- COMMAND")
    return latest


def _recorded(source: HandlerSource, file: Path, context: Context) -> tuple[list[NewProvider], list[str]]:
    """The providers of recorded exchanges, and what is to be said about the rest of them."""
    from interceptor.scaffold.recorded import import_recording

    damages: list[Damage] = []
    found = import_recording(_reader(source, context)(file, damages))
    notes = [*(str(damage.message) for damage in damages), *found.notes()]
    if not found.providers:
        said = "".join(f"\n{note}" for note in notes)
        raise UsageError(f"{file} has no answered request to an API{said}", _EMPTY[source])
    return found.providers, notes


def _reader(source: HandlerSource, context: Context) -> Callable[[Path, list[Damage]], Iterator[ImportedExchange]]:
    from interceptor.recordings.har import read_har
    from interceptor.recordings.journals import read_answered
    from interceptor.recordings.postman import read_postman
    from interceptor.recordings.vcr import read_cassettes

    readers: dict[HandlerSource, Callable[[Path, list[Damage]], Iterator[ImportedExchange]]] = {
        HandlerSource.HAR: read_har,
        HandlerSource.VCR: read_cassettes,
        HandlerSource.POSTMAN: read_postman,
        HandlerSource.JOURNAL: partial(read_answered, with_handlers=not context.config.exists()),
    }
    return readers[source]


def _mapped(source: HandlerSource, file: Path, named: list[str]) -> tuple[list[NewProvider], list[str]]:
    """The providers of another mock server, and what handlers cannot say of it."""
    from interceptor.scaffold.hoverfly import import_hoverfly
    from interceptor.scaffold.wiremock import import_wiremock

    if len(named) > 1:
        raise UsageError(f"{source} takes one --provider", "it is for the mappings that name no host")
    read = import_wiremock if source is HandlerSource.WIREMOCK else import_hoverfly
    providers, notes = read(file, named_provider(named[0]) if named else None)
    if not providers:
        raise UsageError(f"{file} has no mapping{''.join(f'{chr(10)}{note}' for note in notes)}", "check the path")
    return providers, notes
