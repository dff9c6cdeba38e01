"""The parts of a `multipart/form-data` body (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from multipart import MultipartError, MultipartParser

from interceptor.values.media_types import MULTIPART_MEDIA_TYPE, decoded_text, media_type


@dataclass(frozen=True)
class FormPart:
    """One part: a field, or a file where `filename` is given."""

    name: str
    filename: str | None
    content_type: str
    body: bytes
    charset: str

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.body)

    @cached_property
    def text(self) -> str:
        return decoded_text(self.body, f"{self.content_type}; charset={self.charset}")


def parse_multipart(content_type: str, body: bytes) -> tuple[FormPart, ...] | None:
    """The parts of a body in order, or None where it has none or they cannot be told apart."""
    whole = media_type(content_type)
    if whole.essence != MULTIPART_MEDIA_TYPE or not whole.boundary:
        return None
    size = len(body)
    parser = MultipartParser(
        BytesIO(body),
        whole.boundary,
        content_length=size,
        memory_limit=size + 1,
        part_limit=10_000,
        spool_limit=size + 1,
    )
    try:
        return tuple(
            FormPart(part.name, part.filename or None, kind.essence or "text/plain", part.raw, part.charset or "utf-8")
            for part in parser
            for kind in (media_type(part.content_type),)
        )
    except MultipartError:
        return None
