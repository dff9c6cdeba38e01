"""The headers that a document names, for each operation and response."""

from __future__ import annotations

from interceptor.openapi.document import OpenApiDocument
from interceptor.openapi.routes import Routes


class DocumentedHeaders:
    """Looks up headers by what was asked and answered."""

    def __init__(self, document: OpenApiDocument) -> None:
        self._routes = Routes(document)

    def named(self, method: str, path: str, status: int) -> tuple[frozenset[str], frozenset[str]]:
        """The names, in lower case, of the request and of the response headers of an operation.

        A `cookie` header counts as named where the document names a cookie. Paths may lack the document's base path:
        the base URL of a provider in the project file mostly holds it.
        """
        candidates = (self._routes.find(method, f"{base}{path}") for base in ("", *self._routes.base_paths))
        found = next((each for each in candidates if each is not None), None)
        if found is None:
            return frozenset(), frozenset()
        operation, answer = found.operation, found.operation.answer(status)
        named: list[tuple[str, str]] = [(each.where, each.name) for each in operation.parameters]
        named += [(each.where, each.name) for requirement in operation.security for each in requirement]
        request = {name.lower() if where == "header" else "cookie" for where, name in named if where in _IN_HEADERS}
        response = () if answer is None else answer.headers
        return frozenset(request), frozenset(header.name.lower() for header in response)


_IN_HEADERS = ("header", "cookie")
