"""Finds the handler that an interaction of a pact comes from; the pact itself does not tell."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from interceptor.contract.normalise import HeaderPolicy, default_description, normalise
from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.handler_sets import HandlerSet
from interceptor.journal import latest_recording, read_journal
from interceptor.pact.read import Pact, PactInteraction
from interceptor.project.config import Project
from interceptor.values.messages import Request


def handlers_of_latest_run(project: Project) -> dict[str, str]:
    """Description to the handler's `file:line`, from the recording of the latest run."""
    handlers = {}
    if recording := latest_recording(project.recordings):
        for exchange in read_journal(recording):
            if exchange.metadata.handler and exchange.response:
                interaction = normalise(exchange, HeaderPolicy()).interaction
                handlers[exchange.metadata.name or default_description(interaction)] = exchange.metadata.handler
    return handlers


class Origins:
    """Finds handlers by routing the interaction's request."""

    def __init__(self, project: Project, handlers: HandlerSet) -> None:
        self._project = project
        self._handlers = handlers

    def of(self, pact: Pact, each: PactInteraction) -> str | None:
        """`file:line` of the handler that answers an interaction, or None."""
        provider = self._project.providers.get(pact.provider)
        if provider is None or "*" in provider.url[0]:
            return None
        query = urlencode([(name, value) for name, values in each.query.items() for value in values])
        path = each.path if each.path.startswith("/") else f"/{each.path}"
        url = f"{provider.url[0]}{path}{'?' if query else ''}{query}"
        headers = tuple((name, ", ".join(values)) for name, values in each.request.headers.items())
        body = each.request.body
        content = body if isinstance(body, str) else json.dumps(body)
        request = Request(
            each.method, url, headers, content.encode("utf-8", "replace") if each.request.has_body else b""
        )
        router = self._handlers.router
        found = [self._handlers[route.rank] for route, _ in router.candidates(request, router.locate(request))]
        fitting = [handler for handler in found if handler.route.matches(request)] or found
        states = {name for name, _ in each.states}
        return (
            min(fitting, key=lambda handler: not _gives(handler, states, each.status)).loaded.place if fitting else None
        )


def _gives(handler: CompiledHandler, states: set[str], status: int) -> bool:
    """Whether the handler can give this status under these states, as far as this does not depend on templates."""
    model = handler.loaded.model
    for entry in model.entries:
        given = {state.name for state in (model.given if entry.given is None else entry.given)}
        same_states = given == states or any("{{" in name for name in given)
        same_status = status == (200 if entry.status is None else entry.status) or isinstance(entry.status, str)
        if same_states and (same_status or entry.python or entry.passthrough):
            return True
    return False
