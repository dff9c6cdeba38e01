"""The loopback addresses a run listens on, bound before anything slow is imported.

Connections that arrive early wait in the sockets' queues, so a command can start at once.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from interceptor.project.config import Provider
from interceptor.values.errors import UsageError

HOST = "127.0.0.1"
BACKLOG = 1024
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Listener:
    """One provider's own address: requests to it are requests to the provider."""

    provider: str
    origin: str
    """Where they would go: `https://api.example.com`."""
    base_path: str
    port: int
    sockets: tuple[socket.socket, ...]

    @property
    def base_url(self) -> str:
        """What the consumer uses as the provider's base URL: `http://localhost:3000/v1`."""
        return f"http://localhost:{self.port}{self.base_path}"


@dataclass(frozen=True, slots=True)
class Listeners:
    """The proxy's own socket and those of the providers that are served beside it."""

    proxy: socket.socket
    listeners: tuple[Listener, ...]

    @property
    def port(self) -> int:
        port: int = self.proxy.getsockname()[1]
        return port

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return (self.proxy, *(each for listener in self.listeners for each in listener.sockets))

    @property
    def proxy_url(self) -> str:
        return f"http://{HOST}:{self.port}"


@contextmanager
def open_listeners(providers: Mapping[str, Provider], port: int | None = None) -> Iterator[Listeners]:
    """Bind and listen; everything is closed at the end.

    Args:
        providers: those with `listen` or `env` get an address of their own, on IPv4 and where there is one on IPv6.
        port: the proxy's; a free one when None.

    Raises:
        UsageError: where a port is taken or forbidden.
    """
    with ExitStack() as stack:
        proxy = _bind(socket.AF_INET, port or 0, "choose another with --port, or leave --port out for a free one")
        stack.enter_context(proxy)
        listeners = []
        for name, provider in providers.items():
            if provider.listen is None and provider.env is None:
                continue
            sockets = _bind_both(provider.listen, name)
            for each in sockets:
                stack.enter_context(each)
            parts = urlsplit(provider.url[0])
            bound: int = sockets[0].getsockname()[1]
            listeners.append(Listener(name, f"{parts.scheme}://{parts.netloc}", parts.path, bound, sockets))
        yield Listeners(proxy, tuple(listeners))


def _bind_both(port: int | None, provider: str) -> tuple[socket.socket, ...]:
    """Sockets on one port of both loopback addresses, or of the one that this machine has."""
    hint = f'give "{provider}" another port under listen, or end the program that holds this one'
    for attempt in range(_ATTEMPTS):
        first = _bind(socket.AF_INET, port or 0, hint)
        try:
            second = _bind(socket.AF_INET6, first.getsockname()[1], hint)
        except UsageError:
            first.close()
            if port is not None or attempt == _ATTEMPTS - 1:
                raise
            continue
        except OSError:
            return (first,)
        return (first, second)
    raise AssertionError("the loop returns or raises")


def _bind(family: socket.AddressFamily, port: int, hint: str) -> socket.socket:
    """A listening loopback socket.

    Raises:
        UsageError: the port is taken or forbidden.
        OSError: the machine lacks this kind of address.
    """
    host = HOST if family == socket.AF_INET else "::1"
    # asyncio sets TCP_NODELAY only where the protocol is named; without it answers wait 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"cannot listen on port {port}: another program already does", hint) from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise UsageError(f"cannot listen on port {port}: the system forbids it to this user", hint) from error
        raise
    return listening
