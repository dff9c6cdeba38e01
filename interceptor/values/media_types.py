"""What a content-type header says."""

from __future__ import annotations

import re
from contextlib import suppress

JSON_MEDIA_TYPE = "application/json"


FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"


_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]+)"?""", re.IGNORECASE)


def media_type(content_type: str | None) -> str:
    """The bare type of a content-type header: `"Application/JSON; charset=utf-8"` -> `"application/json"`."""
    return (content_type or "").partition(";")[0].strip().lower()


def charset(content_type: str | None) -> str:
    """The charset of a content-type header: `"text/html; charset=iso-8859-1"` -> `"iso-8859-1"`, else `"utf-8"`."""
    match = _CHARSET.search(content_type or "")
    return match[1] if match else "utf-8"


def decoded_text(content: bytes, content_type: str | None) -> str:
    """The text of a body in the charset of its content type; UTF-8 where that is none that is known."""
    if content_type and "charset" in content_type.lower():
        with suppress(LookupError, ValueError):
            return content.decode(charset(content_type), "replace")
    return content.decode("utf-8", "replace")


def is_json(content_type: str | None) -> bool:
    """True for JSON and every `+json` type, whatever the capitals and parameters."""
    bare = media_type(content_type)
    return bare == JSON_MEDIA_TYPE or bare.endswith("+json")
