"""Java: the proxy as properties, and a trust store of our writing."""

from __future__ import annotations

import hashlib
import ssl
import struct
from collections.abc import Iterable

from interceptor.run.reach.means import Ground, Means, joined, quoted
from interceptor.run.trust import certificates

_HOST = "127.0.0.1"
_PASSWORD = "changeit"  # noqa: S105  # Java's own; a trust store holds no secret
_MAGIC, _VERSION, _TRUSTED = 0xFEEDFEED, 2, 2
_LOOPBACK = {"localhost": "localhost", "127.0.0.1": "127.*", "::1": "[::1]"}
"""How Java spells what bypasses its proxies."""


def java(ground: Ground) -> Means:
    """Every Java that starts says on its standard error that it picked this up; there is no way without."""
    store = ground.folder / "authorities.jks"
    properties = {
        "http.proxyHost": _HOST,
        "http.proxyPort": str(ground.proxy_port),
        "https.proxyHost": _HOST,
        "https.proxyPort": str(ground.proxy_port),
        "http.nonProxyHosts": quoted("|".join(_LOOPBACK[name] for name in ground.bypassed)),
        "javax.net.ssl.trustStore": quoted(str(store)),
        "javax.net.ssl.trustStoreType": "JKS",
        "javax.net.ssl.trustStorePassword": _PASSWORD,
    }
    options = " ".join(f"-D{name}={value}" for name, value in properties.items())
    value = joined(" ", ground.environ.get("JAVA_TOOL_OPTIONS"), options)
    return Means("java", {"JAVA_TOOL_OPTIONS": value}, {store: _trust_store(certificates(ground.bundle.read_bytes()))})


def _trust_store(authorities: Iterable[bytes]) -> bytes:
    """Certificates as a JKS, the format of `sun.security.provider.JavaKeyStore`, which needs no tool of a JDK.

    A magic number, a version, how many; each with its kind, alias, date, type and DER; and a digest at the end.
    """
    found = [ssl.PEM_cert_to_DER_cert(each.decode()) for each in authorities]
    content = struct.pack(">III", _MAGIC, _VERSION, len(found))
    content += b"".join(_entry(f"authority-{index}", each) for index, each in enumerate(found))
    return content + hashlib.sha1(_PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + content).digest()  # noqa: S324  # the format's own


def _entry(alias: str, certificate: bytes) -> bytes:
    head = struct.pack(">I", _TRUSTED) + _text(alias) + struct.pack(">Q", 0) + _text("X.509")
    return head + struct.pack(">I", len(certificate)) + certificate


def _text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode("ascii")
