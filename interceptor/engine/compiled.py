"""A compiled handler: everything that selecting and responding need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interceptor.answering.patches import has_patches
from interceptor.answering.provider_calls import CompiledCall
from interceptor.answering.rendering import Render, TemplateValues, constant_text, constant_value
from interceptor.answering.resolvers import Resolver
from interceptor.answering.responses import CompiledEntry
from interceptor.answering.template import Template
from interceptor.engine.dialogues import CompiledDialogue
from interceptor.handlers.loading import LoadedHandler
from interceptor.matching.router import Route
from interceptor.values.exchange import ProviderState
from interceptor.values.json_text import Json
from interceptor.values.lean import lean
from interceptor.values.messages import Request

_BODY_PARTS = frozenset({"json_", "form", "multipart", "text", "xml", "binary", "graphql"})


@dataclass(frozen=True, slots=True)
class CompiledState:
    """A provider state whose name and parameters may be templates."""

    name: str | Render
    params: Mapping[str, Json] | Render

    @property
    def varies(self) -> bool:
        return callable(self.name) or callable(self.params)

    def of(self, values: TemplateValues) -> ProviderState:
        return ProviderState(constant_text(self.name, values), constant_value(self.params, values))


@dataclass(frozen=True, slots=True)
class DescribedEntry:
    """One response with what the contract says about it."""

    compiled: CompiledEntry
    index: int
    """Its index in the handler's list."""
    resolver: Resolver | None
    name: str | Render | None
    when: Template | None
    states: Sequence[CompiledState]
    rules: Mapping[str, Mapping[str, Json]]
    named: tuple[str, ...]
    cookies: tuple[str, ...]
    record: bool
    constant: tuple[ProviderState, ...] | None
    """Its states, if they do not depend on the request."""
    dialogue: CompiledDialogue | None = None
    """What it says on a WebSocket, where it opens one."""

    @property
    def passes_unread(self) -> bool:
        """True if it passes a request on, and neither changes the response nor looks at the request's body."""
        model, passing = self.compiled.model, self.compiled.passing
        plain = model.passthrough is not None and not has_patches(model) and self.resolver is None and self.when is None
        plain = plain and not (passing is not None and passing.varies)
        return plain and not callable(self.name) and not any(state.varies for state in self.states)


@lean(frozen=True, slots=True)
class Selection:
    """One call of a handler: the selected entry, and the values for its templates."""

    entry: DescribedEntry
    calls: int
    values: dict[str, Any]
    states: tuple[ProviderState, ...]

    @property
    def name(self) -> str | None:
        """The name of the interaction, rendered.

        Raises:
            RenderFault: where its template fails.
        """
        name = self.entry.name
        return None if name is None else constant_text(name, self.values) or None


@dataclass(frozen=True, slots=True)
class CompiledHandler:
    """A loaded handler and everything compiled from it."""

    loaded: LoadedHandler
    route: Route
    when: Template | None
    entries: Sequence[DescribedEntry]
    """An entry is repeated as often as its `times` says."""
    then: Mapping[str, tuple[Json, Render | None]]
    literal: tuple[str, ...] = ()
    """The literal values of the request part that may be UUIDs, times and so on."""
    chooses: bool = False
    """Whether an entry has conditions of its own: a `when`, or a `given` while states are declared."""
    reads: frozenset[str] = frozenset()
    """The names of the data that its templates read."""
    cacheable: Selection | None = None
    """Its selection, if that is the same for every request that matches, however often it comes."""
    by_chance: Sequence[DescribedEntry] = ()
    """The entries that have a chance; the others do not count them."""
    calls: Sequence[CompiledCall] = ()
    """What is sent after a response."""

    @property
    def answers_websocket(self) -> bool:
        """True if a client may open a WebSocket here; a plain handler at the same address means other requests."""
        if self.loaded.model.request_part.websocket is not None:
            return True
        return any(entry.compiled.model.passthrough is not None for entry in self.every_entry)

    @property
    def every_entry(self) -> Sequence[DescribedEntry]:
        return (*self.by_chance, *self.entries)

    def passes_unread(self, request: Request) -> bool:
        """True if a request to this address is passed on unchanged, whatever its body is."""
        model = self.loaded.model
        looks_at_bodies = not _BODY_PARTS.isdisjoint(model.request_part.model_fields_set)
        if looks_at_bodies or self.when is not None or model.once or not self.route.matches(request):
            return False
        return not self.by_chance and all(entry.passes_unread for entry in self.entries)
