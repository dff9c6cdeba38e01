"""Makes the decision of a selected handler."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from interceptor.answering.files import conditional, conditional_headers
from interceptor.answering.pacing import paced
from interceptor.answering.patches import everything, has_patches, patched
from interceptor.answering.rendering import Compiler, RenderFault, TemplateValues
from interceptor.answering.resolvers import Resolver, ResolverFault, entry_of, explain
from interceptor.answering.responses import Answer, compile_entry
from interceptor.answering.views import RequestView, ResponseView
from interceptor.engine.compiled import CompiledHandler, Selection
from interceptor.engine.dialogues import CompiledDialogue, HandlerDialogue, chosen_protocol
from interceptor.engine.misses import failed_response
from interceptor.engine.select import MatchContext
from interceptor.values.browsers import cors_headers
from interceptor.values.decisions import Decision, Failed, Mocked, Passthrough, ProviderCall
from interceptor.values.exchange import Metadata
from interceptor.values.generated import GeneratedMarks
from interceptor.values.json_text import Json
from interceptor.values.messages import Response
from interceptor.values.place import header_places

_NOTHING = GeneratedMarks()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A resolver to call; `finish` returns None if its result means that the handler declines."""

    call: Callable[[], Any]
    finish: Callable[[Any], Decision | None]
    fail: Callable[[BaseException], Decision]
    left: Callable[[], Mocked]


def respond(handler: CompiledHandler, context: MatchContext, selection: Selection) -> Decision | Unresolved:
    """The decision of a handler; the call is counted, if it answers at once."""
    try:
        if selection.entry.resolver is not None:
            return _resolving(handler, context, selection, selection.entry.resolver)
        if selection.entry.compiled.model.passthrough is not None:
            return _passthrough(handler, context, selection)
        return _answered(handler, context, selection, selection.entry.compiled.answer(selection.values))
    except RenderFault as fault:
        return failed(handler, context, str(fault))


def constant_answer(handler: CompiledHandler, context: MatchContext) -> Mocked | None:
    """The handler's response, if it is the same for every request that matches, however often it comes."""
    selection = handler.cacheable
    if selection is None:
        return None
    return _answered(handler, context, selection, selection.entry.compiled.answer({}), cacheable=True)


def failed(handler: CompiledHandler, context: MatchContext, explanation: str) -> Failed:
    metadata = replace(context.metadata, handler=handler.loaded.place)
    return Failed(failed_response(context.request, handler.loaded.place, explanation), metadata, explanation)


def _answered(
    handler: CompiledHandler, context: MatchContext, selection: Selection, answer: Answer, *, cacheable: bool = False
) -> Mocked:
    changes, calls = _afterwards(handler, answer, selection.values)
    _count(handler, context, selection)
    compiled, response = selection.entry.compiled, answer.response
    if selection.entry.dialogue is not None:
        return _opened(handler, context, selection, response, selection.entry.dialogue)
    metadata = _metadata(handler, context, selection, answer.generated)
    context.memory.data.update(changes)  # after the name, which describes the request by the data that it found
    if answer.is_file and (part := conditional(context.request, response)) is not response:
        response, metadata = part, _of_part(metadata, part)
    return Mocked(
        response,
        metadata,
        compiled.delay(selection.values),
        cors_headers(context.request, response.headers),
        answer.stream if compiled.pace is None else paced(response.body, compiled.pace),
        compiled.fault,
        cacheable,
        calls,
    )


def _opened(
    handler: CompiledHandler,
    context: MatchContext,
    selection: Selection,
    response: Response,
    compiled: CompiledDialogue,
) -> Mocked:
    """A WebSocket opens."""
    request = context.request
    metadata = replace(_metadata(handler, context, selection, None), websocket="opened")
    dialogue = HandlerDialogue(
        compiled, chosen_protocol(handler.loaded.model.request_part, request), request, metadata, selection.values
    )
    delay = selection.entry.compiled.delay(selection.values)
    return Mocked(Response(101, response.headers), metadata, delay, dialogue=dialogue)


def _count(handler: CompiledHandler, context: MatchContext, selection: Selection) -> None:
    rank, memory = handler.route.rank, context.memory
    memory.calls[rank] = selection.calls + 1
    if handler.by_chance and selection.entry.compiled.model.chance is not None:
        memory.drawn[rank] = memory.drawn.get(rank, 0) + 1


def _of_part(metadata: Metadata, part: Response) -> Metadata:
    """What is known of a part of a file. That it has not changed is between this client and this server alone."""
    request, response = conditional_headers(part.status)
    named = (*metadata.named, *header_places("request", request), *header_places("response", response))
    return replace(metadata, named=named, record=metadata.record and part.status in {206, 416})


def _metadata(
    handler: CompiledHandler, context: MatchContext, selection: Selection, generated: GeneratedMarks | None
) -> Metadata:
    entry, known = selection.entry, context.metadata
    marks = generated or _NOTHING
    return Metadata(
        provider=known.provider,
        path=known.path,
        handler=handler.loaded.place,
        entry=entry.index,
        name=selection.name,
        states=selection.states,
        test=known.test,
        scope=known.scope,
        rules=entry.rules,
        named=entry.named,
        cookies=entry.cookies,
        generated=tuple(marks.places),
        spans=marks.spans,
        constants=marks.constants,
        literal=(*handler.literal, *marks.literal) if marks.literal else handler.literal,
        record=entry.record,
    )


def _afterwards(
    handler: CompiledHandler, answer: Answer, values: TemplateValues
) -> tuple[dict[str, Json], tuple[ProviderCall, ...]]:
    """What follows a response: changes of data, and calls."""
    if not handler.then and not handler.calls:
        return {}, ()
    response = answer.response
    view = ResponseView(response.status, response.headers, response.body, answer.json)
    names = {**values, "response": view}
    changes = {
        name: value if render is None else render(names, GeneratedMarks())
        for name, (value, render) in handler.then.items()
    }
    return changes, tuple(call.of(names) for call in handler.calls)


def _passthrough(handler: CompiledHandler, context: MatchContext, selection: Selection) -> Passthrough:
    model = selection.entry.compiled.model
    _count(handler, context, selection)
    metadata = _metadata(handler, context, selection, None)
    passing, request = selection.entry.compiled.passing, context.request
    to = None if passing is None else passing.url(selection.values, request, metadata.path or request.path)
    changes = () if passing is None else passing.changes(selection.values)
    if not has_patches(model):
        return Passthrough("handler", metadata, to=to, headers=changes)

    def patch(real: Response) -> Mocked | Failed:
        view = ResponseView.of(real)
        try:
            answer = selection.entry.compiled.answer({**selection.values, "upstream": view})
            return _answered(handler, context, selection, patched(selection.entry.compiled, answer, real))
        except RenderFault as fault:
            return failed(handler, context, str(fault))

    return Passthrough("handler", metadata, to=to, headers=changes, patch=patch)


def _resolving(handler: CompiledHandler, context: MatchContext, selection: Selection, resolver: Resolver) -> Unresolved:
    reference = str(selection.entry.compiled.model.python)
    own = replace(context.request)  # it may change what it reads from the body, which equal requests share
    view = RequestView(own, context.metadata.path or own.path)
    params, data = dict(context.params), copy.deepcopy(context.memory.data)

    def finish(result: Any) -> Decision | None:
        if result is None:
            return None
        try:
            entry = entry_of(result, reference)
            compiler = Compiler(literal=True)
            compiled = compile_entry(entry, selection.entry.compiled.node, handler.loaded.folder, compiler)
            if compiler.problems:
                return failed(handler, context, f"{reference} returned no response: {compiler.problems[0].message}")
            answer = compiled.answer(selection.values)
            resolved = replace(selection, entry=replace(selection.entry, compiled=compiled))
            return _answered(handler, context, resolved, replace(answer, generated=everything(answer.response)))
        except (ResolverFault, RenderFault) as fault:
            return failed(handler, context, str(fault))
        except RecursionError:
            fault_of_value = "it holds itself, or is nested too deep"
        except Exception as error:  # noqa: BLE001  # any object may come from a project, and do anything as it is read
            fault_of_value = f"{type(error).__name__}: {error}"
        return failed(handler, context, f"{reference} returned no response: {fault_of_value}")

    def fail(error: BaseException) -> Decision:
        file = reference.rpartition(":")[0]
        return failed(handler, context, explain(error, handler.loaded.folder.resolve(file), file))

    def left() -> Mocked:
        _count(handler, context, selection)
        unknown = Response(200)
        return Mocked(unknown, _metadata(handler, context, selection, everything(unknown)))

    return Unresolved(lambda: resolver(view, params, data), finish, fail, left)
