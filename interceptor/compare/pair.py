"""An interaction beside the operation that answers for it: what each part of the comparison is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from interceptor.openapi.document import DocumentNode, DocumentPlace
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.operations import DocumentedResponse, Operation
from interceptor.openapi.validation import Validation
from interceptor.pact.read import PactInteraction
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class Pair:
    """One interaction and its operation."""

    interaction: PactInteraction
    operation: Operation
    path_values: Mapping[str, str]
    validation: Validation

    @property
    def is_accepted(self) -> bool:
        """Whether the provider took the request as valid: an answer of 400 and above may be due to the request."""
        return self.interaction.status < 400

    @property
    def sends_content(self) -> bool:
        return self.interaction.request.body not in (None, "")

    @property
    def answer(self) -> DocumentedResponse | None:
        return self.operation.answer(self.interaction.status)

    def request_header(self, name: str) -> str | None:
        return _joined(self.interaction.request.headers, name)

    def response_header(self, name: str) -> str | None:
        return _joined(self.interaction.response.headers, name)

    def finding(self, code: str, message: str, place: str, document_place: DocumentPlace) -> Finding:
        return Finding(
            code, message, interaction=self.interaction.index, place=place, document_place=str(document_place)
        )

    def mismatches(
        self, code: str, place: str, schema: DocumentNode, value: Json, direction: Direction
    ) -> Iterator[Finding]:
        """A finding for everything of a value that its schema does not allow; an error where a broker has one too."""
        for each in self.validation.mismatches(schema, value, direction):
            found = self.finding(code, each.message, f"{place}{each.at}", each.document_place)
            yield from doubtful([found]) if each.is_doubtful else [found]

    def fits(self, schema: DocumentNode, value: Json) -> bool:
        """Whether a schema allows a value of a request."""
        return not self.validation.mismatches(schema, value, Direction.REQUEST)

    def fits_one_of(
        self, code: str, place: str, schema: DocumentNode, readings: Iterable[Json], direction: Direction
    ) -> Iterator[Finding]:
        """The findings of the first reading of a text, unless another reading of it is right."""
        found = [list(self.mismatches(code, place, schema, value, direction)) for value in readings]
        if all(found):
            yield from found[0]


def doubtful(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings that PactFlow's comparison does not have, as warnings: they never refuse a pact."""
    for finding in findings:
        kind = finding.code.rpartition(".")[0].replace("path-or-method", "path")
        yield replace(finding, code=f"{kind}.doubtful")


def _joined(headers: Mapping[str, list[str]], name: str) -> str | None:
    values = headers.get(name.lower())
    return None if values is None else ",".join(values)
