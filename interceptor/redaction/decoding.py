"""The text of a body, whatever says in which encoding it is: a byte order mark, the zeros in it, its charset."""

from __future__ import annotations

import codecs

from interceptor.values.media_types import media_type

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # it begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded_body(body: bytes, content_type: str | None) -> tuple[str | None, str, bytes]:
    """The text of a body, its encoding and its byte order mark; no text for a binary body."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            try:
                return body[len(mark) :].decode(encoding), encoding, mark
            except UnicodeDecodeError:
                return None, encoding, mark
    kind = media_type(content_type)
    for encoding in (*(_by_zeros(body) if b"\0" in body[:4] else ()), "utf-8", kind.charset):
        try:
            return body.decode(encoding), encoding, b""
        except (UnicodeDecodeError, LookupError):
            continue
    # Even if some bytes are no text, the rest may contain passwords; Latin-1 keeps every byte.
    spelt = kind.subtype.startswith("json") or kind.subtype.endswith(("xml", "json", "yaml"))
    if spelt or kind.is_text or kind.is_multipart:
        return body.decode("latin-1"), "latin-1", b""
    return None, "utf-8", b""


def _by_zeros(body: bytes) -> tuple[str, ...]:
    """The encoding of text whose first two characters are plain, in two bytes each (RFC 4627, section 3)."""
    match [byte == 0 for byte in body[:4]]:
        case [False, True, False, True]:
            return ("utf-16-le",)
        case [True, False, True, False]:
            return ("utf-16-be",)
    return ()
