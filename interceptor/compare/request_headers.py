"""Request headers: content negotiation, declared headers, and those nobody declared."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.compare.media_types import best_match
from interceptor.compare.pair import Pair, doubtful
from interceptor.compare.reading import readings
from interceptor.openapi.json_schema import Direction
from interceptor.values.findings import Finding
from interceptor.values.media_types import media_type
from interceptor.values.place import Place

STANDARD = frozenset(
    [
        "accept",
        "accept-charset",
        "accept-datetime",
        "accept-encoding",
        "accept-language",
        "authorization",
        "cache-control",
        "connection",
        "content-length",
        "content-md5",
        "content-type",
        "cookie",
        "date",
        "expect",
        "forwarded",
        "from",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "max-forwards",
        "origin",
        "pragma",
        "proxy-authorization",
        "range",
        "referer",
        "te",
        "upgrade",
        "user-agent",
        "via",
        "warning",
    ]
)
"""Headers that no document needs to name: those of HTTP itself, as PactFlow's comparison knows them."""


def compare_negotiation(pair: Pair) -> Iterator[Finding]:
    """Accept and Content-Type against the media types of the responses and of the request body."""
    operation = pair.operation
    accept, accept_place = pair.request_header("accept"), "request.headers.accept"
    produced = [each for answer in operation.answers.values() for each in answer.content.types]
    if accept and not produced:
        message = "the request says what it accepts, but the document names no media type of a response"
        yield pair.finding("request.accept.unknown", message, accept_place, operation.place)
    elif accept and pair.answer and pair.answer.content.types and not best_match(accept, produced):
        message = f"{accept} is not a type that the operation returns: {', '.join(dict.fromkeys(produced))}"
        yield pair.finding("request.accept.incompatible", message, accept_place, operation.place)
    sent, sent_place = pair.request_header("content-type"), "request.headers.content-type"
    consumed = operation.body.types
    if sent and not consumed:
        message = "the request has a content type, but the document names none that the operation takes"
        yield pair.finding("request.content-type.unknown", message, sent_place, operation.place)
    elif sent and not best_match(media_type(sent).essence, consumed):
        message = f"{sent} is not a type that the operation takes: {', '.join(consumed)}"
        yield pair.finding("request.content-type.incompatible", message, sent_place, operation.body.place)
    elif not sent and consumed and pair.sends_content:
        message = f"the request has a body without a content type; the operation takes {', '.join(consumed)}"
        yield pair.finding("request.content-type.missing", message, sent_place, operation.body.place)


def compare_headers(pair: Pair) -> Iterator[Finding]:
    """Errors for values that do not fit and required headers that are missing, warnings for undeclared ones."""
    if not pair.is_accepted:
        return
    declared = {each.name.lower(): each for each in pair.operation.parameters if each.where == "header"}
    code = "request.header.incompatible"
    for name, parameter in declared.items():
        text, place = pair.request_header(name), str(Place("header", name, side="request"))
        if text is not None:
            found = pair.fits_one_of(code, place, parameter.schema, readings(parameter, text), Direction.REQUEST)
            yield from doubtful(found) if parameter.is_json else found
        elif parameter.required:
            yield pair.finding(code, f'the required header "{parameter.name}" is missing', place, parameter.place)
    keys = {each.name.lower() for every in pair.operation.security for each in every if each.where == "header"}
    for name in pair.interaction.request.headers:
        if name not in declared and name not in STANDARD and name not in keys:
            message = f'the document has no request header "{name}" here'
            place = str(Place("header", name, side="request"))
            yield pair.finding("request.header.unknown", message, place, pair.operation.place)
