"""Which proxy of the user's network a request takes: the proxy variables as they were before ours replaced them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal
from urllib.parse import unquote, urlsplit

from interceptor.values.errors import UsageError
from interceptor.values.origins import is_loopback
from interceptor.values.urls import DEFAULT_PORTS

_Scheme = Literal["http", "https"]


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """One HTTP proxy; `authorization` is the value of its proxy-authorization header."""

    scheme: _Scheme
    host: str
    port: int
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """The proxies between us and the real servers.

    `no_proxy` holds the entries of NO_PROXY: `example.com` (and everything below it), `.example.com`,
    `example.com:8443`, `10.0.0.0/8`, `*`.
    """

    http: ProxyAddress | None = None
    https: ProxyAddress | None = None
    no_proxy: tuple[str, ...] = ()

    def route(self, scheme: str, host: str, port: int) -> ProxyAddress | None:
        """The proxy that a request takes, or None for the direct way; loopback always goes directly."""
        proxy = self.https if scheme == "https" else self.http
        if proxy is None or is_loopback(host) or any(_exempt(entry, host, port) for entry in self.no_proxy):
            return None
        return proxy


def read_upstream(environ: Mapping[str, str], setting: str | None = None) -> Upstream:
    """The proxies that the project file or the variables ask for.

    Args:
        environ: the variables of the user; lower case wins, as curl has it.
        setting: `upstream_proxy` of the project file, which replaces the variables.

    Raises:
        UsageError: for a proxy address that cannot be read, or of a kind that cannot be used.
    """
    entries = tuple(entry.strip() for entry in _variable(environ, "no_proxy").split(",") if entry.strip())
    if setting is not None:
        proxy = _address("upstream_proxy", setting)
        return Upstream(proxy, proxy, entries)
    fallback = _variable(environ, "all_proxy")
    plain = _variable(environ, "http_proxy") or fallback
    secure = _variable(environ, "https_proxy") or fallback
    return Upstream(
        _address("HTTP_PROXY", plain) if plain else None,
        _address("HTTPS_PROXY", secure) if secure else None,
        entries,
    )


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _address(name: str, text: str) -> ProxyAddress:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        shown = text.rpartition("@")[2]
        raise UsageError(
            f'cannot go through the proxy "{shown}" ({name})',
            "write http://host:port, or unset the variable for this command; SOCKS proxies are not supported",
        )
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    scheme: _Scheme = "https" if parts.scheme == "https" else "http"
    return ProxyAddress(scheme, parts.hostname, port or DEFAULT_PORTS[scheme], authorization)


def _exempt(entry: str, host: str, port: int) -> bool:
    """Whether one entry of NO_PROXY names this host."""
    host = host.strip("[]").rstrip(".").lower()
    if entry == "*":
        return True
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name, colon, wanted = entry.lower().rpartition(":")
    if colon and wanted.isdigit():
        if int(wanted) != port:
            return False
        entry = name
    bare = entry.lower().removeprefix("*").strip("[].")
    return host == bare or host.endswith(f".{bare}")
