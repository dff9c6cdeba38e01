"""The comparison: one document, any number of pacts."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.compare.pair import Pair
from interceptor.compare.request_body import compare_request_body
from interceptor.compare.request_headers import compare_headers, compare_negotiation
from interceptor.compare.request_parameters import compare_cookies, compare_path, compare_query
from interceptor.compare.response_body import compare_response_body, compare_status
from interceptor.compare.response_headers import compare_content_type, compare_response_headers
from interceptor.compare.security import compare_security
from interceptor.compare.wellformed import malformed
from interceptor.openapi.document import OpenApiDocument
from interceptor.openapi.routes import Routes
from interceptor.openapi.validation import Validation
from interceptor.pact.read import Pact, PactInteraction
from interceptor.values.findings import Finding


class Comparison:
    """Compares pacts with one document; whatever is compiled for one pact serves the next.

    Args:
        document: the provider's document.
        servers: whether paths are below those of OpenAPI 3's `servers`.
    """

    def __init__(self, document: OpenApiDocument, *, servers: bool = False) -> None:
        self._document = document
        self._routes = Routes(document, servers=servers)
        self._validation = Validation(document)

    def findings(self, pact: Pact) -> Iterator[Finding]:
        """What is wrong or doubtful about each interaction, in the order of the pact."""
        odd = list(malformed(pact))
        yield from odd
        for interaction in () if odd else pact.interactions:
            yield from self._compare(interaction)

    def about_document(self) -> Iterator[Finding]:
        """What is wrong with the document itself; call it when the pacts are compared.

        References that lead nowhere are errors where a comparison needed them, and warnings elsewhere.
        """
        for place, reference in self._document.broken.items():
            said = self._document.why_broken(reference, place)
            message = f'"{reference}" {said}; what it should describe is not compared'
            yield Finding("document.reference.broken", message, document_place=str(place))
        for place, reference in self._document.all_broken().items():
            if place not in self._document.broken:
                said = self._document.why_broken(reference, place)
                message = f'"{reference}" {said}; no interaction needs it'
                yield Finding("document.reference.unused", message, document_place=str(place))
        for place, why in self._validation.unusable.items():
            message = f"the schema {why}; what it says is not compared"
            yield Finding("document.schema.unusable", message, document_place=str(place))

    def _compare(self, interaction: PactInteraction) -> Iterator[Finding]:
        path = interaction.path if interaction.path.startswith("/") else f"/{interaction.path}"
        found = self._routes.find(interaction.method, path) if "?" not in path else None
        if found is None:
            message = f"{interaction.method} {interaction.path} is not an operation of the document"
            yield Finding(
                "request.path-or-method.unknown",
                message + self._routes.near(interaction.method, path),
                interaction=interaction.index,
                place="request.path",
                document_place=str(self._document.root.place.below("paths")),
            )
            return
        pair = Pair(interaction, found.operation, found.parameters, self._validation)
        other_path = list(compare_path(pair))
        yield from other_path
        if not any(finding.type == "error" for finding in other_path):
            yield from _request(pair)
            yield from _response(pair)


def _request(pair: Pair) -> Iterator[Finding]:
    yield from compare_security(pair)
    negotiation = list(compare_negotiation(pair))
    yield from negotiation
    yield from compare_headers(pair)
    yield from compare_query(pair)
    yield from compare_cookies(pair)
    if not any(finding.code == "request.content-type.incompatible" for finding in negotiation):
        yield from compare_request_body(pair)


def _response(pair: Pair) -> Iterator[Finding]:
    yield from compare_status(pair)
    if (answer := pair.answer) is None:
        return
    content_type = list(compare_content_type(pair, answer))
    yield from content_type
    yield from compare_response_headers(pair, answer)
    if not any(finding.code == "response.content-type.incompatible" for finding in content_type):
        yield from compare_response_body(pair, answer)
