"""Leads this process's connections for owned origins to their doors, whichever client opens them.

Every client of Python that uses the `socket` module resolves names and connects by the functions replaced here.
INTERCEPTOR_DOORS says where to: `api.example.com:443=41873 ...`. All other connections stay as they are. Python
imports this module at its start, from PYTHONPATH; so it imports nothing that Python has not imported already, and
`socket` and `certifi` are changed when, and only if, somebody imports them.
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
_OURS = {*_DOORS.values(), *os.environ.get("INTERCEPTOR_PORTS", "").split()}


def _door(host, port):
    """The port of the door for an address, or None where nobody owns it."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(port, bytes):
        port = port.decode("ascii", "replace")
    name = str(host or "localhost").lower().rstrip(".")
    return _DOORS.get(f"{name}:{_SERVICES.get(port, port)}")


def _quoted(scope):
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in scope.encode())


def _change_socket(socket):
    real_getaddrinfo = socket.getaddrinfo
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def getaddrinfo(host, port, *args, **kwargs):
        door = _door(host, port)
        return (
            real_getaddrinfo(host, port, *args, **kwargs)
            if door is None
            else real_getaddrinfo(_LOOPBACK, int(door), *args, **kwargs)
        )

    def led(self, address):
        """Where a connection really goes."""
        if self.family == socket.AF_INET and (door := _door(*address[:2])) is not None:
            return _LOOPBACK, int(door)
        return address

    def greeting(self, address):
        """What names the scope of all that follows; nothing for other connections than ours."""
        scope = next((os.environ[name] for name in _WORKERS if name in os.environ), "")
        if not scope or self.type != socket.SOCK_STREAM or self.family != socket.AF_INET:
            return b""
        ours = address[0] in (_LOOPBACK, "localhost") and str(address[1]) in _OURS
        return f"INTERCEPTOR/1 {_quoted(scope)}\r\n".encode() if ours else b""

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
        address = led(self, address)
        words = greeting(self, address)
        return greeted(self, address, words) if words else real_connect(self, address)

    def connect_ex(self, address):
        address = led(self, address)
        words = greeting(self, address)
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


_CHANGES = {"socket": _change_socket, "certifi": _change_certifi} if _OURS else {}
if "INTERCEPTOR_OBSERVED" in os.environ:
    from interceptor_observe import changes

    _CHANGES.update(changes())
if _CHANGES:
    _change_when_imported(_CHANGES)
_run_the_next_sitecustomize()
