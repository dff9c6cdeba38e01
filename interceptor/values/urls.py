"""Absolute, normalised URLs, and the pairs of their queries.

Joined and cut by hand, as a path stays here as the client spelt it: `urlsplit`, yarl and httpx drop an empty query,
resolve dots or encode anew. Decoding is left to `urllib`.
"""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import unquote, unquote_plus

Pairs: TypeAlias = tuple[tuple[str, str], ...]


DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def normal_url(scheme: str, host: str, port: int | None, target: str) -> str:
    """An absolute URL from its parts: `("http", "API.test", 80, "/a?b=1")` -> `"http://api.test/a?b=1"`."""
    host = host.lower()
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    authority = host if port is None or port == DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    return f"{scheme}://{authority}{target if target.startswith('/') else '/' + target}"


def parse_query(query: str, charset: str = "utf-8") -> Pairs:
    """The decoded pairs of a query string, blanks kept, a bare `flag` read as `flag=`.

    Args:
        query: as spelt.
        charset: what percent-encoded bytes spell; UTF-8 where it is none that is known.
    """
    pieces = (piece.partition("=") for piece in query.split("&") if piece)
    if "%" not in query and "+" not in query:
        return tuple((name, value) for name, _, value in pieces)
    return tuple((_unquoted(name, charset), _unquoted(value, charset)) for name, _, value in pieces)


def _unquoted(text: str, charset: str) -> str:
    try:
        return unquote_plus(text, charset)
    except (LookupError, ValueError):
        return unquote_plus(text)


Segments: TypeAlias = tuple[str, ...]


def split_path(path: str) -> tuple[Segments, bool]:
    """The decoded segments of a path and whether it ends in a slash: `"/a%20b/"` -> `(("a b",), True)`."""
    if path in {"", "/"}:
        return (), False
    trailing = path.endswith("/")
    inner = path[1:-1] if trailing else path[1:]
    if "%" not in inner:
        return tuple(inner.split("/")), trailing
    return tuple(unquote(segment) for segment in inner.split("/")), trailing
