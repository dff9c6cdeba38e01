"""The frozen values that pass between the stages: Request, Response, Exchange.

Header names are lower-case, bodies are decoded (no content-encoding left), URLs are absolute and normalised:
`https://api.example.com/v1/products/10?full=1` (host in lower case, default port and fragment dropped, the path
as the client spelt it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from interceptor.values.json_text import Json, parse_json
from interceptor.values.lean import lazy, lean
from interceptor.values.media_types import decoded_text, media_type
from interceptor.values.multipart_form import FormPart, parse_multipart
from interceptor.values.urls import Pairs, parse_query

Headers: TypeAlias = tuple[tuple[str, str], ...]

BODILESS = frozenset({204, 205, 304})
"""Final statuses that never have a body (RFC 9110, sections 6.4.1 and 15.3.6)."""
CONDITIONS: Final = {
    206: frozenset({"range", "if-range"}),
    304: frozenset({"if-none-match", "if-modified-since"}),
    412: frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"}),
    416: frozenset({"range", "if-range"}),
}
"""By status, the request headers that it is an answer to (RFC 9110, sections 13 and 14)."""
LENGTHLESS = BODILESS - {205}
"""Final statuses whose head ends the message; a 205 needs a `content-length: 0` (RFC 9112, section 6.3)."""


def _weight(headers: Headers) -> int:
    return sum([len(name) + len(value) for name, value in headers])


@lean(frozen=True)
class Request:
    """One request, as the consumer meant it."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def __hash__(self) -> int:
        return self._hash

    @lazy
    def _hash(self) -> int:
        return hash((self.method, self.url, self.headers, self.body))

    @property
    def weight(self) -> int:
        """The characters of URL and headers, and the bytes of the body."""
        return len(self.url) + _weight(self.headers) + len(self.body)

    @lazy
    def origin(self) -> str:
        """`https://api.example.com`, `http://[::1]:8080`."""
        return self.url[: self._path_start]

    @lazy
    def path(self) -> str:
        """The path as spelt, percent-encoding kept."""
        return self.url[self._path_start :].partition("?")[0]

    @lazy
    def query_string(self) -> str:
        """The query as spelt, without its question mark."""
        return self.url.partition("?")[2]

    @lazy
    def query(self) -> Pairs:
        return parse_query(self.query_string) if self.query_string else ()

    @lazy
    def _path_start(self) -> int:
        start = self.url.find("/", self.url.find("://") + 3)
        return start if start >= 0 else len(self.url)

    @lazy
    def _first_headers(self) -> Mapping[str, str]:
        first: dict[str, str] = {}
        for name, value in self.headers:
            first.setdefault(name, value)
        return first

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case), or None."""
        return self._first_headers.get(name)

    def header_values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @lazy
    def cookies(self) -> Pairs:
        pairs = []
        for line in self.header_values("cookie"):
            for piece in line.split(";"):
                name, equals, value = piece.strip().partition("=")
                if equals:
                    pairs.append((name, value.strip('"')))
        return tuple(pairs)

    @lazy
    def form(self) -> Pairs | None:
        """The fields of a urlencoded body, or None where the content type says otherwise."""
        if not media_type(self.header("content-type")).is_form:
            return None
        return parse_query(self.text, media_type(self.header("content-type")).charset)

    @lazy
    def multipart(self) -> tuple[FormPart, ...] | None:
        """The parts of a multipart form in order, or None where the body is none or its parts cannot be told apart."""
        return parse_multipart(self.header("content-type") or "", self.body)

    @lazy
    def text(self) -> str:
        """The body in the charset that the content type names, else in UTF-8."""
        return decoded_text(self.body, self.header("content-type"))

    @lazy
    def json(self) -> Json:
        """The body as JSON, whatever its content type.

        Raises:
            NotJsonError: where it is not.
        """
        return parse_json(self.body)


@lean(frozen=True)
class Response:
    """One answer, a handler's or a real provider's."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    @property
    def weight(self) -> int:
        """The characters of the headers, and the bytes of the body."""
        return _weight(self.headers) + len(self.body)

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)
