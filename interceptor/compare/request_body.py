"""The body of a request against the schema of its media type."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.compare.media_types import best_match, is_validatable
from interceptor.compare.pair import Pair, doubtful
from interceptor.compare.reading import form_value
from interceptor.openapi.document import DocumentNode
from interceptor.openapi.json_schema import Direction
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json
from interceptor.values.media_types import JSON_MEDIA_TYPE, MULTIPART_MEDIA_TYPE, media_type
from interceptor.values.multipart_form import parse_multipart
from interceptor.values.urls import parse_query

_PLACE = "request.body"


def compare_request_body(pair: Pair) -> Iterator[Finding]:
    """Errors for a body that does not fit or is missing, warnings for one that cannot be compared."""
    content, message = pair.operation.body, pair.interaction.request
    if not pair.is_accepted or not (message.has_body or content.required):
        return
    sent = pair.request_header("content-type")
    kind = (best_match(sent, content.types) or sent) if sent else JSON_MEDIA_TYPE
    schema = content.schema(best_match(kind, content.types))
    if not message.has_body:
        finding = pair.finding("request.body.incompatible", "the required body is missing", _PLACE, content.place)
        yield from [finding] if is_validatable(kind) and not content.is_of_fields else doubtful([finding])
    elif not is_validatable(kind):
        text = f"bodies of type {kind} are compared by their type only"
        yield pair.finding("request.body.unvalidatable", text, _PLACE, content.place)
    elif schema is not None:
        value = _value(message.body, sent or kind, schema)
        found = pair.mismatches("request.body.incompatible", _PLACE, schema, value, Direction.REQUEST)
        yield from doubtful(found) if content.is_of_fields else found
    elif pair.sends_content:
        text = "the document has no schema for a request body here"
        yield pair.finding("request.body.unknown", text, _PLACE, content.place)


def _value(body: Json, content_type: str, schema: DocumentNode) -> Json:
    """A form as the object of its fields; everything else as it is."""
    if not isinstance(body, str):
        return body
    pairs: list[tuple[str, str]] | None = None
    kind = media_type(content_type)
    if kind.is_form:
        pairs = list(parse_query(body))
    elif kind.essence == MULTIPART_MEDIA_TYPE:
        parts = parse_multipart(content_type, body.encode())
        pairs = None if parts is None else [(part.name, part.text) for part in parts]
    if pairs is None:
        return body
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return form_value(fields, schema)
