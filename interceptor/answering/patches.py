"""The real server's response, changed by a handler."""

from __future__ import annotations

from interceptor.answering.responses import Answer, CompiledEntry
from interceptor.answering.views import ResponseView
from interceptor.handlers.response_part import ResponseEntry
from interceptor.values.generated import EVERYTHING, GeneratedMarks
from interceptor.values.messages import Response
from interceptor.values.place import header_places


def has_patches(entry: ResponseEntry) -> bool:
    """Whether an entry changes anything of the response of `passthrough`."""
    return entry.body_kind is not None or bool(entry.model_fields_set & {"status", "headers"})


def patched(entry: CompiledEntry, answer: Answer, real: Response) -> Answer:
    """The real response with what the handler sets."""
    declared = entry.model
    names = {name for name, _ in answer.response.headers}
    if declared.body_kind:
        names |= {"content-length", "content-encoding", "transfer-encoding"}
    headers = (*((name, value) for name, value in real.headers if name not in names), *answer.response.headers)
    response = Response(
        real.status if declared.status is None else answer.response.status,
        headers,
        answer.response.body if declared.body_kind else real.body,
    )
    return Answer(response, answer.json if declared.body_kind else ResponseView.of(real).json, everything(response))


def everything(response: Response) -> GeneratedMarks:
    """The marks of a response of which nobody knows what was made up."""
    marks = GeneratedMarks()
    marks.places = [*EVERYTHING, *header_places("response", (name for name, _ in response.headers))]
    return marks
