"""Bodies as bytes: `binary`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence

from interceptor.handlers.request_part import BinaryPart
from interceptor.matching.mismatches import Mismatch, SpecPath, display
from interceptor.matching.values import compile_json
from interceptor.values.messages import Request

_SHOWN = 32


def binary_check(part: BinaryPart, path: SpecPath) -> Callable[[Request], Sequence[Mismatch]]:
    """The check of a body's size, digest, first bytes or all of them.

    Raises:
        MatcherError: for a matcher of the size that makes no sense.
    """
    size = compile_json(part.size, (*path, "size")) if "size" in part.model_fields_set else None
    whole = None if part.base64 is None else base64.b64decode("".join(part.base64.split()))
    match part.starts_with:
        case None:
            start = b""
        case str() as text:
            start = text.encode()
        case written:
            start = bytes.fromhex(written.hex)

    def check(request: Request) -> Sequence[Mismatch]:
        body, found = request.body, list[Mismatch]()
        if size is not None:
            found.extend(size(len(body), "binary size"))
        if not body.startswith(start):
            found.append(Mismatch("binary starts_with", _shown(start), _shown(body[: len(start)])))
        if part.sha256 is not None and (digest := hashlib.sha256(body).hexdigest()) != part.sha256.lower():
            found.append(Mismatch("binary sha256", part.sha256.lower(), digest))
        if whole is not None and body != whole:
            found.append(Mismatch("binary base64", _shown(whole), _shown(body)))
        return found

    return check


def _shown(content: bytes) -> str:
    """The first bytes for a message: as text where they are ASCII, else in hexadecimal digits."""
    start, more = content[:_SHOWN], "…" if len(content) > _SHOWN else ""
    if not content:
        return "nothing"
    return f"{display(start.decode('ascii'))}{more}" if start.isascii() else f"{start.hex(' ')}{more}"
