"""A body that passes, kept as far as a contract needs it."""

from __future__ import annotations

from hashlib import sha256

from interceptor.values.content_codings import NotDecodedError, TooLargeError, decoded
from interceptor.values.exchange import LargeBody


class NotedBody:
    """Collects a body up to `most` bytes; of a larger one only the size and the digest are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = bytearray()
        self._size = 0
        self._digest = sha256()

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        self._digest.update(piece)
        if self._size <= self._most:
            self._kept += piece
        else:
            self._kept.clear()

    def noted(self, coding: str) -> tuple[bytes, LargeBody | None]:
        """The body as it arrived, or the size and digest of one that is too large, decoded or not."""
        large = LargeBody(self._size, self._digest.hexdigest())
        if self._size > self._most:
            return b"", large
        try:
            decoded(bytes(self._kept), coding, self._most)
        except TooLargeError:
            return b"", large
        except NotDecodedError:
            pass
        return bytes(self._kept), None
