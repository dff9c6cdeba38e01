"""Response headers: the content type, declared headers, and those nobody declared."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.compare.media_types import best_match
from interceptor.compare.pair import Pair
from interceptor.compare.reading import readings
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.operations import DocumentedResponse
from interceptor.values.findings import Finding
from interceptor.values.media_types import media_type
from interceptor.values.place import Place

STANDARD = frozenset(
    [
        "accept-patch",
        "accept-ranges",
        "access-control-allow-origin",
        "age",
        "allow",
        "alt-svc",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "p3p",
        "pragma",
        "proxy-authenticate",
        "public-key-pins",
        "refresh",
        "retry-after",
        "server",
        "set-cookie",
        "status",
        "strict-transport-security",
        "trailer",
        "transfer-encoding",
        "tsv",
        "upgrade",
        "vary",
        "via",
        "warning",
        "www-authenticate",
        "x-frame-options",
    ]
)
"""Headers that a provider may send undeclared: PactFlow's comparison only warns of them."""


def compare_content_type(pair: Pair, answer: DocumentedResponse) -> Iterator[Finding]:
    """The content type against those that the response may have."""
    sent, place = pair.response_header("content-type"), "response.headers.content-type"
    produced = answer.content.types
    if sent and not produced:
        message = "the response has a content type, but the document names none for this response"
        yield pair.finding("response.content-type.unknown", message, place, answer.place)
    elif sent and not best_match(media_type(sent).essence, produced):
        message = f"{sent} is not a type of this response: {', '.join(produced)}"
        yield pair.finding("response.content-type.incompatible", message, place, answer.place)


def compare_response_headers(pair: Pair, answer: DocumentedResponse) -> Iterator[Finding]:
    """Errors for headers that do not fit or are no one's, warnings for undeclared ones of HTTP itself."""
    declared = {header.name.lower(): header for header in answer.headers}
    for name in pair.interaction.response.headers:
        text, place = pair.response_header(name), str(Place("header", name, side="response"))
        if name in declared and text is not None:
            header = declared[name]
            candidates = readings(header, text)
            yield from pair.fits_one_of(
                "response.header.incompatible", place, header.schema, candidates, Direction.REQUEST
            )
        elif name in STANDARD:
            message = f'the document has no response header "{name}" here; providers may send it'
            yield pair.finding("response.header.undefined", message, place, answer.place)
        elif name != "content-type":
            message = f'the document has no response header "{name}" here'
            yield pair.finding("response.header.unknown", message, place, answer.place)
