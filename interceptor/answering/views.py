"""A request as templates see it: `request.query.page`, `request.headers.x_tenant`, `request.json.items`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import decoded_text
from interceptor.values.messages import Request, Response
from interceptor.values.multipart_form import FormPart
from interceptor.values.urls import Pairs


class FirstValues(Mapping[str, str]):
    """Repeated names as templates see them: the first value by name, all of them with `all(name)`."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    def __getitem__(self, name: str) -> str:
        for key, value in self._pairs:
            if key == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def all(self, name: str) -> list[str]:
        """Every value of a name, in order."""
        return [value for key, value in self._pairs if key == name]


class HeaderValues(FirstValues):
    """Headers by name in any case; `x_tenant` is `x-tenant`."""

    def __getitem__(self, name: str) -> str:
        lowered = name.lower()
        try:
            return super().__getitem__(lowered)
        except KeyError:
            return super().__getitem__(lowered.replace("_", "-"))

    def all(self, name: str) -> list[str]:
        lowered = name.lower()
        return super().all(lowered) or super().all(lowered.replace("_", "-"))


class RequestView:
    """The members of `request` in a template."""

    def __init__(self, request: Request, path: str) -> None:
        self._request = request
        self.path = path

    @property
    def method(self) -> str:
        return self._request.method

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def host(self) -> str:
        """With the port, where it is not the default one."""
        return self._request.origin.partition("://")[2]

    @property
    def query(self) -> FirstValues:
        return FirstValues(self._request.query)

    @property
    def headers(self) -> HeaderValues:
        return HeaderValues(self._request.headers)

    @property
    def cookies(self) -> FirstValues:
        return FirstValues(self._request.cookies)

    @property
    def form(self) -> FirstValues:
        return FirstValues(self._request.form or ())

    @property
    def multipart(self) -> dict[str, FormPart]:
        """The parts by name, the first of each; a part has `text`, `filename`, `content_type` and `size`."""
        parts: dict[str, FormPart] = {}
        for part in self._request.multipart or ():
            parts.setdefault(part.name, part)
        return parts

    @property
    def text(self) -> str:
        return self._request.text

    @property
    def body(self) -> bytes:
        return self._request.body

    @property
    def json(self) -> Json:
        try:
            return self._request.json
        except NotJsonError as error:
            raise ValueError(f"the request's body is not JSON ({error})") from error

    def __repr__(self) -> str:
        return f"{self.method} {self.url}"


class ResponseView:
    """The members of `response` in a `then`, and of `upstream` beside a `passthrough`."""

    def __init__(self, status: int, headers: Pairs, body: bytes, json: Json) -> None:
        self.status = status
        self.headers = HeaderValues(headers)
        self.json = json
        self._body = body

    @classmethod
    def of(cls, response: Response) -> ResponseView:
        """The view of a real server's answer; `json` is none where it is not JSON."""
        try:
            value = parse_json(response.body)
        except NotJsonError:
            value = None
        return cls(response.status, response.headers, response.body, value)

    @property
    def text(self) -> str:
        return decoded_text(self._body, self.headers.get("content-type"))
