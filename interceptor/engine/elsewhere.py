"""Answers of handlers that run in another process: what MSW's own handlers say where no handler of ours does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from interceptor.engine.misses import failed_response
from interceptor.values.browsers import cors_headers
from interceptor.values.decisions import Decision, Failed, Mocked, Passthrough, Resolving
from interceptor.values.exchange import Metadata
from interceptor.values.generated import EVERYTHING
from interceptor.values.messages import Request, Response
from interceptor.values.place import header_places


@dataclass(frozen=True, slots=True)
class ForeignAnswer:
    """What became of a request there."""

    place: str
    """`src/mocks/handlers.ts:12`, or as much of it as is known."""
    response: Response | None = None
    """None where the connection is to fail."""
    passes: bool = False
    """Whether the handler wants the real server to answer."""


class ForeignHandlers(Protocol):
    """Handlers in another process."""

    def ask(self, request: Request, base_url: str) -> ForeignAnswer | None:
        """The answer, or None where no handler there is for this request; blocks.

        Raises:
            Exception: that says why there is none.
        """

    def restart(self) -> None:
        """Read the handlers anew; where that fails, they stay as they were.

        Raises:
            ConfigurationError: that says why.
        """

    @property
    def files(self) -> frozenset[Path]:
        """What the handlers were read from."""

    @property
    def name(self) -> str:
        """The file that names them: `src/mocks/handlers.ts`."""


def asking(
    handlers: ForeignHandlers, request: Request, base_url: str, metadata: Metadata, otherwise: Callable[[], Decision]
) -> Resolving:
    """The decision that another process makes, or the other one where it has none."""

    def finish(answer: ForeignAnswer | None) -> Decision:
        if answer is None:
            return otherwise()
        known = replace(metadata, handler=answer.place)
        if answer.passes:
            return Passthrough("handler", known)
        if answer.response is None:
            return Mocked(Response(500), known, fault="reset")
        headers = answer.response.headers
        known = replace(known, generated=(*EVERYTHING, *header_places("response", (name for name, _ in headers))))
        return Mocked(answer.response, known, cors=cors_headers(request, headers))

    def fail(error: BaseException) -> Decision:
        explanation = f"{handlers.name}: {error}"
        return Failed(
            failed_response(request, handlers.name, explanation), replace(metadata, handler=handlers.name), explanation
        )

    def left() -> Mocked:
        return Mocked(Response(200), replace(metadata, handler=handlers.name))

    return Resolving(lambda: handlers.ask(request, base_url), finish, fail, left)
