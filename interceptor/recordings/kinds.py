"""What a file is that somebody wants handlers from, so that the wrong option can be answered with the right one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from interceptor.values.errors import UsageError
from interceptor.values.json_text import NotJsonError, parse_json

_KINDS = {
    "har": ("a HAR file", "--from-har"),
    "vcr": ("a VCR cassette", "--from-vcr"),
    "wiremock": ("a WireMock mapping", "--from-wiremock"),
    "hoverfly": ("a Hoverfly simulation", "--from-hoverfly"),
    "journal": ("a journal of interceptor", "--from-journal"),
    "postman": ("a Postman collection", "--from-postman"),
    "openapi": ("an OpenAPI document", "--from-openapi"),
}
_OTHERS = {
    "pact": ("a pact", "give the recording that it was made from"),
    "flows": ("a flow file of mitmproxy", "save it as HAR: mitmdump -nr FILE --set hardump=FILE.har"),
    "handlers": ("a handler file", "name it under handlers in interceptor.yaml"),
}
_IN_YAML = (
    (re.compile(rb"^(?:- )?(?:http_)?interactions:", re.MULTILINE), "vcr"),
    (re.compile(rb"^(?:openapi|swagger):", re.MULTILINE), "openapi"),
    (re.compile(rb"^handlers:", re.MULTILINE), "handlers"),
)
_FLOW = re.compile(rb"\d+:")
_FOLDER_ENDINGS = {".json", ".yaml", ".yml"}
_MOST_LOOKED_AT = 20
"""Files of a folder."""


def require_kind(path: Path, wanted: str) -> None:
    """Make sure that a file or folder is not evidently of another kind than an option wants.

    Raises:
        UsageError: with what it is, and the option for that.
    """
    found = _kind_of_folder(path) if path.is_dir() else _kind(path)
    if found is None or found == wanted:
        return
    if found in _KINDS:
        name, option = _KINDS[found]
        raise UsageError(f"{path} is {name}: use {option}", f"interceptor init {option} {path}")
    raise UsageError(f"{path} is {_OTHERS[found][0]}, not {_KINDS[wanted][0]}", _OTHERS[found][1])


def _kind_of_folder(folder: Path) -> str | None:
    files = sorted(each for each in folder.rglob("*") if each.suffix in _FOLDER_ENDINGS and each.is_file())
    return next((kind for each in files[:_MOST_LOOKED_AT] if (kind := _kind(each)) is not None), None)


def _kind(path: Path) -> str | None:
    try:
        content = path.read_bytes().lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return None
    if content.startswith(b"PK\x03\x04"):
        return "har"
    if content.startswith(b'{"interceptor"'):
        return "journal"
    if _FLOW.match(content):
        return "flows"
    if not content.startswith((b"{", b"[")):
        return next((kind for pattern, kind in _IN_YAML if pattern.search(content)), None)
    try:
        return _of_document(parse_json(content))
    except NotJsonError:
        return None


def _of_document(document: Any) -> str | None:
    if not isinstance(document, dict):
        return None
    members = {
        "log": "har",
        "http_interactions": "vcr",
        "interactions": "pact" if "consumer" in document else "vcr",
        "mappings": "wiremock",
        "openapi": "openapi",
        "swagger": "openapi",
        "item": "postman",
        "collection": "postman",
    }
    if isinstance(document.get("data"), dict) and "pairs" in document["data"]:
        return "hoverfly"
    if "request" in document and "response" in document:
        return "wiremock"
    return next((kind for name, kind in members.items() if name in document), None)
