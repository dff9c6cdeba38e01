"""Leads this process's connections for owned origins to their doors, whichever client opens them.

Every client of Python that uses the `socket` module resolves names and connects by the functions replaced here.
INTERCEPTOR_DOORS says where to: `api.example.com:443=41873 ...`. Addresses that match INTERCEPTOR_PATTERNS,
`*.example.com:443`, have no door: they are resolved to addresses of our own making, and when one of those is connected
to, the proxy is told which name is meant. All other connections stay as they are. Python imports this module at its
start, from PYTHONPATH; so it imports nothing that Python has not imported already, and `socket`, `certifi` and others
are changed when, and only if, somebody imports them.
"""

import os
import sys
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import PathFinder

_HERE = os.path.dirname(os.path.abspath(__file__))
_LOOPBACK = "127.0.0.1"
_SERVICES = {"http": "80", "https": "443"}
_WORKERS = ("INTERCEPTOR_SCOPE", "PYTEST_XDIST_WORKER")
_SECONDS = 5.0

_DOORS = dict(pair.split("=") for pair in os.environ.get("INTERCEPTOR_DOORS", "").split())
_PORTS = os.environ.get("INTERCEPTOR_PORTS", "").split()
_OURS = {*_DOORS.values(), *_PORTS}
_PATTERNS = [pattern.split("*") for pattern in os.environ.get("INTERCEPTOR_PATTERNS", "").split()]
_MADE_UP = {}
"""Addresses of ours -> the owned host that each stands for: `127.78.0.1` -> `a.example.com`."""


def _meant(host, port):
    """Whom an address means: `api.example.com:443`."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(port, bytes):
        port = port.decode("ascii", "replace")
    name = str(host or "localhost").lower().rstrip(".")
    return f"{_MADE_UP.get(name, name)}:{_SERVICES.get(port, port)}"


def _has_pattern(meant):
    return any(_matches(meant, *pattern) for pattern in _PATTERNS)


def _made_up(host, port):
    """An address that stands for an owned one, for who resolves first and connects later; None where nobody owns it."""
    meant = _meant(host, port)
    if meant not in _DOORS and not _has_pattern(meant):
        return None
    name, _, number = meant.rpartition(":")
    for address, known in _MADE_UP.items():
        if known == name:
            return address, int(number)
    count = len(_MADE_UP)
    address = f"127.78.{count // 250 % 250}.{count % 250 + 1}"
    _MADE_UP[address] = name
    return address, int(number)


def _matches(address, first, *others):
    """Whether an address is of a pattern: `*.example.com:443`, given in the parts between its asterisks."""
    if not others:
        return address == first
    if not address.startswith(first):
        return False
    at = len(first)
    for part in others[:-1]:
        at = address.find(part, at) + len(part)
        if at < len(part):
            return False
    return address.endswith(others[-1]) and len(address) - len(others[-1]) >= at


def _quoted(scope):
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in scope.encode())


def _change_socket(socket):
    real_getaddrinfo = socket.getaddrinfo
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def getaddrinfo(host, port, *args, **kwargs):
        door = None if host in _MADE_UP else _DOORS.get(_meant(host, port))
        there = (_LOOPBACK, int(door)) if door else _made_up(host, port) or (host, port)
        return real_getaddrinfo(*there, *args, **kwargs)

    def led(self, address):
        """Where a connection really goes, and the address that is meant where that does not say it."""
        if self.family == socket.AF_INET:
            meant = _meant(*address[:2])
            if meant in _DOORS:
                return (_LOOPBACK, int(_DOORS[meant])), ""
            if _has_pattern(meant):
                return (_LOOPBACK, int(_PORTS[0])), meant
        return address, ""

    def greeting(self, address, meant):
        """What names the scope and the address of all that follows; nothing for other connections than ours."""
        scope = next((os.environ[name] for name in _WORKERS if name in os.environ), "")
        if not (scope or meant) or self.type != socket.SOCK_STREAM or self.family != socket.AF_INET:
            return b""
        ours = address[0] in (_LOOPBACK, "localhost") and str(address[1]) in _OURS
        return f"INTERCEPTOR/1 {_quoted(scope)}{meant and f' {meant}'}\r\n".encode() if ours else b""

    def greeted(self, address, greeting):
        """Connect and send the greeting, which nothing must overtake; our own sockets keep nobody waiting."""
        timeout = self.gettimeout()
        self.settimeout(_SECONDS)
        try:
            real_connect(self, address)
            self.sendall(greeting)
        finally:
            self.settimeout(timeout)

    def connect(self, address):
        address, meant = led(self, address)
        words = greeting(self, address, meant)
        return greeted(self, address, words) if words else real_connect(self, address)

    def connect_ex(self, address):
        address, meant = led(self, address)
        words = greeting(self, address, meant)
        if not words:
            return real_connect_ex(self, address)
        try:
            greeted(self, address, words)
        except OSError as error:
            return error.errno or 1
        return 0

    socket.getaddrinfo = getaddrinfo
    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex


def _change_certifi(certifi):
    """Have clients that use none of the trust variables trust what those name."""
    bundle = os.environ.get("SSL_CERT_FILE")
    if not bundle:
        return

    def where():
        return bundle

    def contents():
        with open(bundle, encoding="ascii") as file:
            return file.read()

    certifi.where = certifi.core.where = where
    certifi.contents = certifi.core.contents = contents


def _change_asyncio(base_events):
    """Those who resolve by a loop may connect to the port that they had, and not to the one that was resolved."""
    _change_resolving(base_events.BaseEventLoop)


def _change_resolving(loop):
    real_getaddrinfo = loop.getaddrinfo

    async def getaddrinfo(self, host, port, **options):
        return await real_getaddrinfo(self, *(_made_up(host, port) or (host, port)), **options)

    loop.getaddrinfo = getaddrinfo


def _change_uvloop(uvloop):
    """It resolves names and connects by itself; where an address is owned, a socket of Python's does it."""
    _change_resolving(uvloop.Loop)
    real_connection = uvloop.Loop.create_connection

    async def create_connection(self, factory, host=None, port=None, **options):
        address = None if host is None else _made_up(host, port)
        if address is None:
            return await real_connection(self, factory, host, port, **options)
        sock = sys.modules["socket"].socket()
        sock.setblocking(False)
        try:
            await self.sock_connect(sock, address)
            if options.get("ssl") and options.get("server_hostname") is None:
                options["server_hostname"] = host
            return await real_connection(self, factory, sock=sock, **options)
        except BaseException:
            sock.close()
            raise

    uvloop.Loop.create_connection = create_connection


def _change_pycares(pycares):
    """c-ares asks the servers of names by itself: for aiohttp, wherever aiodns is installed."""
    real_getaddrinfo = pycares.Channel.getaddrinfo

    def getaddrinfo(self, host, port, *args, **kwargs):
        return real_getaddrinfo(self, *(_made_up(host, port) or (host, port)), *args, **kwargs)

    pycares.Channel.getaddrinfo = getaddrinfo


def _change_pycurl(pycurl):
    """Its wheels bring authorities of their own, and read none of the trust variables."""
    bundle = os.environ.get("SSL_CERT_FILE")
    if not bundle:
        return

    class Curl(pycurl.Curl):
        def __init__(self):
            super().__init__()
            self.setopt(pycurl.CAINFO, bundle)

        def reset(self):
            super().reset()
            self.setopt(pycurl.CAINFO, bundle)

    pycurl.Curl = Curl


class _Changing:
    """A loader that changes the module it has loaded."""

    def __init__(self, loader, change):
        self._loader = loader
        self._change = change

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._change(module)

    def __getattr__(self, name):
        return getattr(self._loader, name)


class _Finder:
    """Finds the modules that are to be changed, by means of all other finders."""

    def __init__(self, changes):
        self._changes = changes

    def find_spec(self, name, path=None, target=None):
        change = self._changes.pop(name, None)
        if change is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Changing(spec.loader, change)
                return spec
        return None


def _change_when_imported(changes):
    for name in list(changes):
        if name in sys.modules:
            changes.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder(changes))


def _run_the_next_sitecustomize():
    """The user's own, which ours stands in front of."""
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path) != _HERE])
    if spec is not None and spec.loader is not None:
        sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules["sitecustomize"])


_CHANGES = {}
if _OURS:
    _CHANGES = {
        "socket": _change_socket,
        "asyncio.base_events": _change_asyncio,
        "uvloop": _change_uvloop,
        "pycares": _change_pycares,
        "certifi": _change_certifi,
        "pycurl": _change_pycurl,
    }
if "INTERCEPTOR_OBSERVED" in os.environ:
    from interceptor_observe import changes

    _CHANGES.update(changes())
if _CHANGES:
    _change_when_imported(_CHANGES)
_run_the_next_sitecustomize()
