"""What a content-type header says (RFC 9110, section 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from multipart import parse_options_header

from interceptor.values.remember import remembered

JSON_MEDIA_TYPE = "application/json"
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
MULTIPART_MEDIA_TYPE = "multipart/form-data"
_TEXTS = frozenset(
    {
        FORM_MEDIA_TYPE,
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/jsonl",
        "application/jwt",
        "application/sql",
        "application/toml",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
"""Types of texts that are no `text/*`."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """`Application/Problem+JSON; charset="UTF-8"` -> `application/problem+json`, `{"charset": "UTF-8"}`.

    Args:
        essence: type and subtype in lower case, as `str` spells it; empty where there is no header.
        parameters: by their names in lower case, without quotes.
    """

    essence: str
    parameters: Mapping[str, str]

    def __str__(self) -> str:
        return self.essence

    @property
    def type(self) -> str:
        """`application`."""
        return self.essence.partition("/")[0]

    @property
    def subtype(self) -> str:
        """`problem+json`."""
        return self.essence.partition("/")[2]

    @property
    def suffix(self) -> str:
        """`json`: what stands behind the last plus, or the whole subtype where there is none."""
        return self.subtype.rpartition("+")[2]

    @property
    def charset(self) -> str:
        """As spelt; `utf-8` where none is given."""
        return self.parameters.get("charset") or "utf-8"

    @property
    def boundary(self) -> str:
        """Of a multipart body; empty where none is given."""
        return self.parameters.get("boundary", "")

    @property
    def is_json(self) -> bool:
        """True for JSON and every `+json` type."""
        return self.essence == JSON_MEDIA_TYPE or self.essence.endswith("+json")

    @property
    def is_grpc(self) -> bool:
        """True for gRPC itself; gRPC-Web is plain HTTP."""
        return self.essence.partition("+")[0] == "application/grpc"

    @property
    def is_xml(self) -> bool:
        """True for `application/xml` and every `+xml` type."""
        return self.essence in {"application/xml", "text/xml"} or self.essence.endswith("+xml")

    @property
    def is_form(self) -> bool:
        """True for the urlencoded fields of a form."""
        return self.essence == FORM_MEDIA_TYPE

    @property
    def is_multipart(self) -> bool:
        """True for every body of parts."""
        return self.essence.startswith("multipart/")

    @property
    def is_text(self) -> bool:
        """True for texts other than JSON: `text/*`, forms, XML, YAML, scripts and their like."""
        return self.essence.startswith("text/") or self.essence in _TEXTS or self.essence.endswith(("+xml", "+yaml"))


def media_type(content_type: str | None) -> MediaType:
    """The media type that a content-type header says."""
    return _parsed(content_type) if content_type else _NONE


@remembered(500)
def _parsed(content_type: str) -> MediaType:
    essence, parameters = parse_options_header(content_type)
    return MediaType(essence, MappingProxyType(parameters))


_NONE = MediaType("", MappingProxyType({}))


def decoded_text(content: bytes, content_type: str | None) -> str:
    """The text of a body in the charset of its content type; UTF-8 where that is none that is known."""
    with suppress(LookupError, ValueError):
        return content.decode(media_type(content_type).charset, "replace")
    return content.decode("utf-8", "replace")
