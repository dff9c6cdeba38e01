"""Browsers: they trust no file that a variable names, but Chromium takes the hash of a key."""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator

from interceptor.run.reach.means import Ground, Means

SPKI_VARIABLE = "INTERCEPTOR_SPKI"
ARGUMENTS_VARIABLE = "INTERCEPTOR_CHROMIUM_ARGS"
_CONTEXT_0 = 0xA0
_KEY = 5
"""The place of the key among a certificate's fields, after serial number, algorithm, issuer, validity and subject."""


def browsers(ground: Ground) -> Means:
    """The hash alone, and arguments that are ready for a Chromium: nothing in them holds a space."""
    spki = key_hash(ssl.PEM_cert_to_DER_cert(ground.authority.read_text()))
    arguments = [
        f"--proxy-server=http://127.0.0.1:{ground.proxy_port}",
        f"--ignore-certificate-errors-spki-list={spki}",
    ]
    if not ground.bypassed:
        arguments.append("--proxy-bypass-list=<-loopback>")
    return Means("browsers", {SPKI_VARIABLE: spki, ARGUMENTS_VARIABLE: " ".join(arguments)})


def key_hash(certificate: bytes) -> str:
    """SHA-256 of a certificate's public key, in Base64, as Chromium wants it.

    Read by hand, as the library for it takes longer to import than a small command to run (RFC 5280, section 4.1).
    """
    _, signed = next(_elements(next(_elements(certificate))[1]))
    fields = [whole for whole, _ in _elements(signed) if whole[0] != _CONTEXT_0]
    return base64.b64encode(hashlib.sha256(fields[_KEY]).digest()).decode()


def _elements(der: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The elements of a DER sequence's content: each as a whole, and its own content."""
    at = 0
    while at < len(der):
        length, start = der[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start])
        yield der[at : start + length], der[start : start + length]
        at = start + length
