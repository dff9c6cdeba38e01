"""Finds out whom a request is for, by its first line (RFC 9112, section 3.2)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple

from interceptor.proxy.http1.reader import NotHttpError
from interceptor.values.remember import remembered, remembered_by_weight
from interceptor.values.urls import DEFAULT_PORTS

_URL = re.compile(rb"(https?|wss?)://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)
_HTTP = {"ws": "http", "wss": "https"}
"""What a WebSocket's URL means before it opens (RFC 6455, section 3); some clients ask a proxy with it."""
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_LONGEST_HOST = 255


class Address(NamedTuple):
    """Whom a request is for."""

    scheme: str
    host: str
    port: int


@remembered_by_weight(512, lambda target, host: len(target) + len(host or b""))
def destination(target: bytes, host_header: bytes | None) -> tuple[Address, bytes]:
    """The origin that a request to a proxy is for, and the path there.

    Raises:
        NotHttpError: where it does not say.
    """
    scheme, authority, path = _split(target)
    host, port = _authority(authority or host_header or b"")
    return Address(scheme, host, port or DEFAULT_PORTS[scheme]), path


@remembered(512, longest=4096)
def path_of(target: bytes) -> bytes:
    """The path of a request that is for a known server.

    Raises:
        NotHttpError: where it has none.
    """
    return _split(target)[2]


def tunnel_end(target: bytes) -> tuple[str, int]:
    """Host and port of a CONNECT.

    Raises:
        NotHttpError: where it does not say.
    """
    host, port = _authority(target)
    if port is None:
        raise NotHttpError(400, "a tunnel needs a host and a port")
    return host, port


def netloc(address: Address) -> bytes:
    """Host and port as a URL and a Host header have them: `Address("https", "::1", 8443)` -> `b"[::1]:8443"`."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    named = host if host.isascii() else host.encode("idna").decode()
    port = "" if address.port == DEFAULT_PORTS[address.scheme] else f":{address.port}"
    return f"{named}{port}".encode()


@remembered(512)
def is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_host(host: str) -> bool:
    """True for an address and for a name that a server could have."""
    if is_ip_address(host):
        return True
    try:
        name = host.encode("idna").decode().removesuffix(".")
    except UnicodeError:
        return False
    return len(name) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, name.split(".")))


def _split(target: bytes) -> tuple[str, bytes, bytes]:
    """`http://host:80/a?b` -> `("http", b"host:80", b"/a?b")`; `http://host?b` asks for `/?b`."""
    if target.startswith(b"/") or target == b"*":
        return "http", b"", target
    match = _URL.fullmatch(target)
    if match is None:
        raise NotHttpError(400, "the target of the request is no URL that can be asked")
    scheme, authority, path = match.groups()
    name = scheme.decode().lower()
    return _HTTP.get(name, name), authority, path if path.startswith(b"/") else b"/" + path


@remembered(512)
def _authority(authority: bytes) -> tuple[str, int | None]:
    """`api.example.com:443` -> `("api.example.com", 443)`; names in other alphabets are decoded."""
    try:
        match = _AUTHORITY.fullmatch(authority.decode())
        host = match["host"].encode().decode("idna") if match is not None else ""
    except UnicodeError:
        match, host = None, ""
    if match is None or not is_host(host := host.removeprefix("[").removesuffix("]")):
        raise NotHttpError(400, "the request does not say which host it is for")
    port = int(match["port"]) if match["port"] else None
    if port is not None and port > 65535:
        raise NotHttpError(400, "the request is for a port that cannot be")
    return host, port
