"""Undoes content codings (RFC 9110, section 8.4) up to a limit: a megabyte of gzip may contain a gigabyte."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from io import BytesIO

_BROTLI_PIECE = 16
"""Bytes; the decoder has no limit, and one more byte may stand for a megabyte."""


class NotDecodedError(ValueError):
    """Content in an unknown coding, or not in the coding it claims."""


class TooLargeError(NotDecodedError):
    """Content that is larger than the limit once decoded."""


def decoded(content: bytes, coding: str, most: int) -> bytes:
    """The content with its codings undone: `decoded(b"...", "gzip", 1 << 20)`.

    Args:
        content: as it arrived.
        coding: the value of its content-encoding header; several are separated by commas, the last was applied last.
        most: the limit of the result in bytes.

    Raises:
        NotDecodedError: the content cannot be decoded.
        TooLargeError: the result exceeds the limit.
    """
    for name in reversed([each.strip().lower() for each in coding.split(",") if each.strip()]):
        decode = _DECODERS.get(name)
        if decode is None:
            raise NotDecodedError(f"the content coding {name} is not known here")
        if not content:
            continue
        try:
            content = decode(content, most + 1)
        except NotDecodedError:
            raise
        except Exception as error:  # each library has exceptions of its own
            raise NotDecodedError(f"the content is not in the coding {name}: {error}") from error
        if len(content) > most:
            raise TooLargeError(f"the content holds more than {most} bytes")
    return content


def _identity(content: bytes, _most: int) -> bytes:
    return content


def _zlib(window: int, content: bytes, most: int) -> bytes:
    """All members of a gzip file, or the one stream of zlib."""
    found = b""
    while content and len(found) < most:
        stream = zlib.decompressobj(window)
        found += stream.decompress(content, most - len(found))
        if not stream.eof and len(found) < most:
            raise NotDecodedError("the content ends too early")
        content = stream.unused_data if window > zlib.MAX_WBITS else b""
    return found


def _deflate(content: bytes, most: int) -> bytes:
    try:
        return _zlib(zlib.MAX_WBITS, content, most)
    except zlib.error:  # some servers send it without the zlib header
        return _zlib(-zlib.MAX_WBITS, content, most)


def _brotli(content: bytes, most: int) -> bytes:
    import brotli  # noqa: PLC0415  # seldom needed

    stream, pieces, length = brotli.Decompressor(), [], 0
    for start in range(0, len(content), _BROTLI_PIECE):
        pieces.append(stream.process(content[start : start + _BROTLI_PIECE]))
        length += len(pieces[-1])
        if length >= most:
            break
    else:
        if not stream.is_finished():
            raise NotDecodedError("the content ends too early")
    return b"".join(pieces)


def _zstd(content: bytes, most: int) -> bytes:
    import zstandard  # noqa: PLC0415  # seldom needed

    with zstandard.ZstdDecompressor().stream_reader(BytesIO(content), read_across_frames=True) as stream:
        return bytes(stream.read(most))


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": _identity,
    "gzip": partial(_zlib, zlib.MAX_WBITS | 16),
    "x-gzip": partial(_zlib, zlib.MAX_WBITS | 16),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
