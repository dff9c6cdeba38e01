"""Whom a request is for, by what its first line says (RFC 9112, section 3.2)."""

from __future__ import annotations

from functools import lru_cache

from mitmproxy.net.http import url

from interceptor.proxy.http1 import NotHttpError
from interceptor.proxy.translate import Address
from interceptor.values.urls import DEFAULT_PORTS


@lru_cache(maxsize=512)
def destination(target: bytes, host_header: bytes | None) -> tuple[Address, bytes]:
    """Whom a request to a proxy is for, and the path there.

    Raises:
        NotHttpError: where it does not say.
    """
    scheme, authority, path = _split(target)
    named: str | bytes = authority or (host_header or b"").decode("utf-8", "surrogateescape")
    host, port = _authority(named)
    return Address(scheme, host, port or DEFAULT_PORTS[scheme]), path


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


def _split(target: bytes) -> tuple[str, bytes, bytes]:
    """`http://host:80/a?b` -> `("http", b"host:80", b"/a?b")`."""
    if target.startswith(b"/") or target == b"*":
        return "http", b"", target
    scheme, _, rest = target.partition(b"://")
    authority, _, path = rest.partition(b"/")
    if scheme not in {b"http", b"https"} or not authority:
        raise NotHttpError(400, "the target of the request is no URL that can be asked")
    return scheme.decode(), authority, b"/" + path


def _authority(authority: str | bytes) -> tuple[str, int | None]:
    try:
        if isinstance(authority, str):
            return url.parse_authority(authority, check=True)
        return url.parse_authority(authority, check=True)  # which alone knows names in other alphabets
    except ValueError:
        raise NotHttpError(400, "the request does not say which host it is for") from None
