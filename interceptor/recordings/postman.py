"""Collections of Postman, format 2.1 (and 2.0): their saved examples are requests with the answers to them.

https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from interceptor.values.damage import Damage
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import ImportedExchange, Metadata
from interceptor.values.json_text import NotJsonError, parse_json
from interceptor.values.mask import MASK
from interceptor.values.media_types import FORM_MEDIA_TYPE, JSON_MEDIA_TYPE
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.urls import normal_url

_VARIABLE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_SAFE = "/:?@!$&'()*+,;=-._~%"
_OF_THE_WIRE = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_MEDIA_TYPES = {"json": JSON_MEDIA_TYPE, "xml": "application/xml", "html": "text/html", "text": "text/plain"}
_DEEPEST = 10
"""Variables within variables."""


def read_postman(path: Path, damages: list[Damage]) -> Iterator[ImportedExchange]:
    """The saved examples of a collection.

    Raises:
        RecordingError: where the file is no collection.
    """
    try:
        document: Any = parse_json(path.read_bytes().decode("utf-8-sig", "replace").encode())
        document = document.get("collection", document)
        items = list(document["item"])
    except OSError as error:
        raise RecordingError(f"cannot read the collection {path}: {error.strerror}", "check the path") from error
    except (NotJsonError, AttributeError, LookupError, TypeError) as error:
        raise RecordingError(f"{path} is no Postman collection", "export it from Postman as Collection v2.1") from error
    yield from _examples(items, _Folder(path, damages, _declared(document), ""))


class _Folder:
    """A folder of a collection: what its requests inherit."""

    def __init__(self, path: Path, damages: list[Damage], variables: Mapping[str, str], name: str) -> None:
        self.path, self.damages, self.variables, self.name = path, damages, variables, name

    def within(self, item: dict[str, Any]) -> _Folder:
        name = f"{self.name}{item.get('name') or 'unnamed'}"
        return _Folder(self.path, self.damages, {**self.variables, **_declared(item)}, f"{name} / ")

    def say(self, text: str) -> None:
        damage = Damage(self.path, None, f"{self.name.removesuffix(' / ')}: {text}", "warning")
        if damage not in self.damages:
            self.damages.append(damage)

    def filled(self, text: Any) -> str:
        """A text with the values of its variables; one that is not known stands for anything, like a masked value."""
        filled = str(text)
        for _ in range(_DEEPEST):
            filled, found = _VARIABLE.subn(self._value, filled)
            if not found:
                break
        return filled

    def _value(self, match: re.Match[str]) -> str:
        name = match[1]
        if name in self.variables:
            return self.variables[name]
        if not name.startswith("$"):
            self.say(f"the collection does not say what {{{{{name}}}}} is; any value matches")
        return MASK


def _declared(holder: dict[str, Any]) -> dict[str, str]:
    declared = holder.get("variable")
    variables = declared if isinstance(declared, list) else []  # older formats have other forms
    return {
        str(each.get("key", each.get("id"))): str(each.get("value", ""))
        for each in variables
        if isinstance(each, dict) and not each.get("disabled")
    }


def _examples(items: list[Any], folder: _Folder) -> Iterator[ImportedExchange]:
    for item in items:
        if not isinstance(item, dict):
            continue
        inner = folder.within(item)
        if isinstance(item.get("item"), list):
            yield from _examples(item["item"], inner)
            continue
        examples = item.get("response")
        if not isinstance(examples, list) or not examples:
            inner.say("left out, as it has no saved example")
            continue
        if "'prerequest'" in str(item.get("event")):
            inner.say("its pre-request script is not run")
        for number, example in enumerate(examples, 1):
            try:
                yield _exchange(example.get("originalRequest") or item["request"], example, inner)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                name = example.get("name") if isinstance(example, dict) else None
                inner.say(f'the example "{name or number}" is left out: {error}')


def _exchange(asked: Any, example: dict[str, Any], folder: _Folder) -> ImportedExchange:
    request: dict[str, Any] = {"url": asked} if isinstance(asked, str) else asked
    headers = _headers(request.get("header"), folder.filled)
    content_type, body = _body(request.get("body") or {}, folder)
    if body and content_type and all(name != "content-type" for name, _ in headers):
        headers = (*headers, ("content-type", content_type))
    answered = _headers(example.get("header"), str)
    content = str(example.get("body") or "").encode()
    shown = _MEDIA_TYPES.get(example.get("_postman_previewlanguage") or "")
    if content and shown and all(name != "content-type" for name, _ in answered):
        answered = (*answered, ("content-type", shown))
    method = folder.filled(request.get("method") or "GET").upper()
    return ImportedExchange(
        Request(method, _url(request["url"], folder), headers, body),
        Response(int(example.get("code") or 200), answered, content),
        "",
        Metadata(name=example.get("name") or None),
    )


def _headers(headers: Any, filled: Any) -> Headers:
    if not isinstance(headers, list):  # the format allows a text, which Postman does not write
        return ()
    return tuple(
        (str(each["key"]).lower(), filled(each.get("value") or ""))
        for each in headers
        if isinstance(each, dict) and not each.get("disabled") and str(each["key"]).lower() not in _OF_THE_WIRE
    )


def _url(url: Any, folder: _Folder) -> str:
    raw = url if isinstance(url, str) else url.get("raw") or _assembled(url)
    filled = folder.filled(raw)
    if "://" not in filled:
        filled = f"http://{filled}"
    address, _, query = filled.partition("?")
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if MASK in host:
        raise ValueError(f"its host is not known: {raw}")
    given = {} if isinstance(url, str) else _declared(url)
    segments = [
        folder.filled(given.get(each[1:]) or MASK) if each[:1] == ":" and each[1:] else each for each in path.split("/")
    ]
    if isinstance(url, dict) and isinstance(url.get("query"), list):
        enabled = [each for each in url["query"] if not each.get("disabled")]
        query = urlencode(
            [(folder.filled(each.get("key") or ""), folder.filled(each.get("value") or "")) for each in enabled],
            safe="*",
        )
    parts = urlsplit(f"{scheme}://{host}")
    target = quote(f"/{'/'.join(segments)}" if slash else "/", safe=_SAFE)
    return normal_url(
        parts.scheme, parts.hostname or "", parts.port, f"{target}?{quote(query, safe=_SAFE)}".removesuffix("?")
    )


def _assembled(url: dict[str, Any]) -> str:
    host, path = url["host"], url.get("path") or []
    scheme = f"{url['protocol']}://" if url.get("protocol") else ""
    joined = (
        [each if isinstance(each, str) else str(each.get("value")) for each in path]
        if isinstance(path, list)
        else [path]
    )
    return f"{scheme}{host if isinstance(host, str) else '.'.join(host)}/{'/'.join(joined)}"


def _body(body: dict[str, Any], folder: _Folder) -> tuple[str | None, bytes]:
    """The content type that a body has by its kind, and its bytes."""
    if body.get("disabled"):
        return None, b""
    match body.get("mode"):
        case "raw":
            language = ((body.get("options") or {}).get("raw") or {}).get("language", "text")
            return _MEDIA_TYPES.get(language, "text/plain"), folder.filled(body.get("raw") or "").encode()
        case "urlencoded":
            fields = [each for each in body.get("urlencoded") or [] if not each.get("disabled")]
            filled = partial(map, folder.filled)
            return FORM_MEDIA_TYPE, urlencode(
                [tuple(filled((each["key"], each.get("value") or ""))) for each in fields]
            ).encode()
        case "graphql":
            asked = body.get("graphql") or {}
            variables = json.loads(folder.filled(asked.get("variables") or "{}"))
            named = {"operationName": asked["operationName"]} if asked.get("operationName") else {}
            document = {"query": asked.get("query") or "", "variables": variables, **named}
            return JSON_MEDIA_TYPE, json.dumps(document).encode()
        case "formdata" | "file":
            folder.say(f"the body of kind {body['mode']} is not matched")
    return None, b""
