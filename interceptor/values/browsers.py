"""What browsers ask beside their pages, and need in answers; nothing of it belongs into a contract.

An answer from another origin is shown to a page only with certain headers, often after a preflight.

The Fetch standard, https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

from collections.abc import Iterable

from interceptor.values.messages import Headers, Request, Response


def is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and request.header("origin") is not None
        and request.header("access-control-request-method") is not None
    )


def is_favicon(request: Request) -> bool:
    """The icon that a browser asks for by itself; no page and no test waits for it."""
    agent = request.header("user-agent") or ""
    return request.method == "GET" and request.path == "/favicon.ico" and agent.startswith("Mozilla/")


def cors_headers(request: Request, answered: Iterable[tuple[str, str]]) -> Headers:
    """The headers that open an answer to the page that asked; none where a handler says its own."""
    origin = request.header("origin")
    names = dict.fromkeys(name for name, _ in answered)
    if origin is None or "access-control-allow-origin" in names:
        return ()
    exposed = [name for name in names if name != "set-cookie"]
    headers = [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
    ]
    if exposed:
        headers.append(("access-control-expose-headers", ", ".join(exposed)))
    return tuple(headers)


def preflight_response(request: Request) -> Response:
    """The permission for what the preflight asks."""
    headers = [
        ("access-control-allow-origin", request.header("origin") or "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", request.header("access-control-request-method") or "GET"),
        ("vary", "origin, access-control-request-method, access-control-request-headers"),
    ]
    if wanted := request.header("access-control-request-headers"):
        headers.append(("access-control-allow-headers", wanted))
    if request.header("access-control-request-private-network") == "true":
        headers.append(("access-control-allow-private-network", "true"))
    return Response(204, tuple(headers))
