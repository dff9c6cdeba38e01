"""The loopback addresses a run listens on, bound before anything slow is imported.

Connections that arrive early wait in the sockets' queues, so a command can start at once.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import islice
from urllib.parse import urlsplit

from interceptor.project.config import Provider
from interceptor.values.errors import UsageError
from interceptor.values.origins import Origin

HOST = "127.0.0.1"
BACKLOG = 1024
_ATTEMPTS = 20
_MOST_DOORS = 200
"""Ports for origins that nobody published; every one costs a socket, of which a process often has but a thousand."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A direct door: a loopback port that stands for one origin, TLS included where that is https.

    One that a provider publishes, by `listen` or `env`, takes plain HTTP too.
    """

    origin: str
    """Where its requests would go: `https://api.example.com`."""
    port: int
    sockets: tuple[socket.socket, ...]
    provider: str | None = None
    """Who published it."""
    base_path: str = ""

    @property
    def base_url(self) -> str:
        """What the consumer uses as the provider's base URL: `http://localhost:3000/v1`."""
        return f"http://localhost:{self.port}{self.base_path}"


@dataclass(frozen=True, slots=True)
class Listeners:
    """The proxy's own socket, and the direct doors beside it."""

    proxy: socket.socket
    listeners: tuple[Listener, ...]
    inside: tuple[socket.socket, ...] = ()
    """The proxy's sockets in the network of an isolated command."""

    @property
    def published(self) -> tuple[Listener, ...]:
        """The doors that providers ask for."""
        return tuple(each for each in self.listeners if each.provider is not None)

    @property
    def doors(self) -> dict[str, int]:
        """The port that stands for an origin: `{"https://api.example.com:443": 41874}`."""
        ports: dict[str, int] = {}
        for each in self.listeners:
            origin = Origin.parse(each.origin)
            if origin.exact:
                ports.setdefault(str(origin), each.port)
        return ports

    @property
    def port(self) -> int:
        port: int = self.proxy.getsockname()[1]
        return port

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return (self.proxy, *self.inside, *(each for listener in self.listeners for each in listener.sockets))

    @property
    def proxy_url(self) -> str:
        host = str(self.proxy.getsockname()[0])
        if ip_address(host).is_unspecified:
            host = HOST
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@contextmanager
def open_listeners(
    providers: Mapping[str, Provider],
    port: int | None = None,
    origins: Iterable[Origin] = (),
    *,
    host: str = HOST,
) -> Iterator[Listeners]:
    """Bind and listen; everything is closed at the end.

    Args:
        providers: those with `listen` or `env` get an address of their own, on IPv4 and where there is one on IPv6.
        port: the proxy's; a free one when None.
        origins: exact ones; each gets a port that stands for it, on IPv4.
        host: the address of the proxy's own socket; those of the doors are loopback ones.

    Raises:
        UsageError: where a port is taken or forbidden, or the machine has no such address.
    """
    with ExitStack() as stack:
        proxy = stack.enter_context(_bind_proxy(host, port or 0))
        listeners = []
        for name, provider in providers.items():
            if provider.listen is None and provider.env is None:
                continue
            sockets = _bind_both(provider.listen, name)
            for each in sockets:
                stack.enter_context(each)
            parts = urlsplit(provider.url[0])
            bound: int = sockets[0].getsockname()[1]
            listeners.append(Listener(f"{parts.scheme}://{parts.netloc}", bound, sockets, name, parts.path))
        published = {Origin.parse(each.origin) for each in listeners}
        for origin in islice((each for each in origins if each not in published), _MOST_DOORS):
            door = stack.enter_context(_bind(socket.AF_INET, 0, "end some programs: this machine has no port left"))
            listeners.append(Listener(str(origin), door.getsockname()[1], (door,)))
        yield Listeners(proxy, tuple(listeners))


def _bind_proxy(host: str, port: int) -> socket.socket:
    """The proxy's own socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return _bind(family, port, "choose another with --port, or leave --port out for a free one", host)
    except OSError as error:
        hint = "name one of its addresses, or 0.0.0.0 for all of them"
        raise UsageError(f"cannot listen on {host}: {error.strerror or error}", hint) from error


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


def _bind(family: socket.AddressFamily, port: int, hint: str, host: str | None = None) -> socket.socket:
    """A listening socket, on the loopback address where no other is named.

    Raises:
        UsageError: the port is taken or forbidden.
        OSError: the machine lacks this kind of address.
    """
    host = host or (HOST if family == socket.AF_INET else "::1")
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
