"""Status and body of an answer against the response that the document gives for them."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.compare.media_types import best_match, is_validatable
from interceptor.compare.pair import Pair, doubtful
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.operations import DocumentedResponse
from interceptor.values.findings import Finding
from interceptor.values.media_types import JSON_MEDIA_TYPE

_PLACE = "response.body"


def compare_status(pair: Pair) -> Iterator[Finding]:
    """An error for an undocumented status, a warning where only `default` covers it."""
    status, answers = pair.interaction.status, pair.operation.node.place.below("responses")
    if pair.answer is None:
        known = ", ".join(pair.operation.answers) or "none"
        message = f"the document has no response {status} here; it has {known}"
        yield pair.finding("response.status.unknown", message, "response.status", answers)
    elif pair.answer.key == "default":
        message = f"only the default response of the document covers {status}"
        yield pair.finding("response.status.default", message, "response.status", pair.answer.place)


def compare_response_body(pair: Pair, answer: DocumentedResponse) -> Iterator[Finding]:
    """Errors for what the provider does not offer; the schema is the one for what the request accepts."""
    body, content = pair.interaction.response.body, answer.content
    if body is None or body == "":
        return
    types = list(content.types)
    kind = best_match(pair.request_header("accept") or JSON_MEDIA_TYPE, types) or next(iter(types), JSON_MEDIA_TYPE)
    schema = content.schema(kind)
    if not is_validatable(kind):
        message = f"bodies of type {kind} are compared by their type only"
        yield pair.finding("response.body.unvalidatable", message, _PLACE, answer.place)
    elif schema is None:
        message = f"the document has no body for the response {answer.key}"
        finding = pair.finding("response.body.unknown", message, _PLACE, answer.place)
        yield from [finding] if body else doubtful([finding])
    else:
        found = pair.mismatches("response.body.incompatible", _PLACE, schema, body, Direction.RESPONSE)
        yield from found if body else doubtful(found)
