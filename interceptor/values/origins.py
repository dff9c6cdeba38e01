"""Whose request is it: origins and base URLs, with `*` allowed in host and port."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from interceptor.values.lean import lean
from interceptor.values.messages import Request
from interceptor.values.urls import DEFAULT_PORTS, Segments, split_path

_LOOPBACK = re.compile(r"(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|\[::1\])\Z", re.IGNORECASE)


_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]@]+)(?::(\d+|\*))?")
_PARAMETERS = re.compile(r"(\[[0-9a-fA-F:.]+\]|(?:[^:\[\]@]|:[A-Za-z_]\w*)+)(?::(\d+|\*))?")
_PARAMETER = re.compile(r":[a-z_]\w*")


def is_loopback(host: str) -> bool:
    return _LOOPBACK.match(host) is not None


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port, or a pattern of them: `https://*.example.com:*`."""

    scheme: str
    host: str
    port: str

    @classmethod
    def parse(cls, url: str, *, parameters: bool = False) -> Origin:
        """The origin of an absolute URL, which may be a pattern; with `parameters`, `:name` in its host is one, too.

        Raises:
            ValueError: where it has none.
        """
        scheme, separator, rest = url.partition("://")
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        match = (_PARAMETERS if parameters else _AUTHORITY).fullmatch(authority)
        if not separator or match is None:
            raise ValueError(f'"{url}" has no origin; write for example https://api.example.com/path')
        if scheme.lower() not in {"http", "https"}:
            raise ValueError(f'"{url}": only http and https are intercepted')
        default = str(DEFAULT_PORTS[scheme.lower()])
        return cls(scheme.lower(), match[1].lower(), match[2] or default)

    def __str__(self) -> str:
        """With the port, also where it is the default one: `https://api.example.com:443`."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """As people write it: `https://api.example.com`."""
        return str(self).removesuffix(f":{DEFAULT_PORTS[self.scheme]}")

    @property
    def exact(self) -> bool:
        return "*" not in self.host and self.port != "*" and not self._has_parameters

    @property
    def _has_parameters(self) -> bool:
        return ":" in self.host and not self.host.startswith("[")

    @property
    def host_glob(self) -> str:
        """The host, with a `*` in the place of each parameter: `*.example.com`."""
        return _PARAMETER.sub("*", self.host) if self._has_parameters else self.host

    def covers(self, other: Origin) -> bool:
        """True where the other, an exact origin, is of this pattern."""
        return self.scheme == other.scheme and self.covers_address(other.host, other.port)

    def covers_address(self, host: str, port: str) -> bool:
        if self.port not in {"*", port}:
            return False
        if "*" not in self.host and not self._has_parameters:
            return self.host == host
        parts = re.split(r"(\*|:[a-z_]\w*)", self.host)
        signs = {"*": ".*", ":": "[^.]+"}
        expression = "".join(signs[part[0]] if at % 2 else re.escape(part) for at, part in enumerate(parts))
        return re.fullmatch(expression, host) is not None


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """One base URL of a provider."""

    provider: str
    origin: Origin
    path: Segments
    url: str
    """As the project file has it."""


@lean(frozen=True, slots=True)
class Owned:
    """The provider of a request, and the request's path below the provider's url."""

    provider: str
    path: str
    """As the client spelt it: `/products/10`."""
    segments: Segments
    trailing: bool


class Owners:
    """The providers of a project by their base URLs; the longest one that matches owns a request."""

    def __init__(self, base_urls: Mapping[str, Iterable[str]]) -> None:
        bases = [
            BaseUrl(name, Origin.parse(url), split_path(urlsplit(url).path)[0], url)
            for name, urls in base_urls.items()
            for url in urls
        ]
        self.bases = sorted(bases, key=lambda base: (len(base.path), base.origin.exact, len(base.url)), reverse=True)
        self._exact: dict[Origin, list[BaseUrl]] = {}

    def at(self, origin: Origin) -> list[BaseUrl]:
        """The base URLs at an exact origin, the longest first."""
        known = self._exact.get(origin)
        if known is None:
            known = [base for base in self.bases if base.origin.covers(origin)]
            if known:
                self._exact[origin] = known
        return known

    def owner(self, request: Request) -> Owned | None:
        """Who owns a request."""
        segments, trailing = split_path(request.path)
        return owner(self.at(Origin.parse(request.url)), request, segments, trailing=trailing)


def owner(bases: Sequence[BaseUrl], request: Request, segments: Segments, *, trailing: bool) -> Owned | None:
    """The owner of a request among the base URLs at its origin, the longest first."""
    for base in bases:
        depth = len(base.path)
        if segments[:depth] == base.path:
            path = request.path if depth == 0 else "/" + "/".join(request.path.split("/")[depth + 1 :])
            return Owned(base.provider, path or "/", segments[depth:], trailing)
    return None
