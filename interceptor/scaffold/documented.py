"""Turns an OpenAPI document into a provider with a handler for each documented response of each operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from interceptor.openapi.document import DocumentNode, OpenApiDocument, open_document
from interceptor.openapi.examples import Examples
from interceptor.openapi.operations import DocumentedResponse, Operation, operation, paths
from interceptor.openapi.routes import Routes
from interceptor.openapi.validation import Validation
from interceptor.scaffold.addresses import literal
from interceptor.scaffold.answers import plain
from interceptor.scaffold.echo import Echo
from interceptor.scaffold.project import NewProvider
from interceptor.scaffold.wording import PathParameter, Wording, noun, sentence
from interceptor.values.json_text import Json
from interceptor.values.media_types import JSON_MEDIA_TYPE, media_type
from interceptor.values.messages import BODILESS
from interceptor.values.patterns import Pattern, SlowPatternError

_Described: TypeAlias = tuple[str, str, DocumentNode]
"""Path template, method and path item of an operation."""
_UNKNOWN = "https://api.example.com"
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_GOES_ON = re.compile(r"[\w+?]", re.ASCII)
"""Characters that would continue a parameter's name."""


def import_document(where: str, root: Path) -> NewProvider:
    """The provider that a document describes. Its responses fit the document, as far as values can be generated.

    Args:
        where: a path relative to the root, or a URL.
        root: the project's folder.
    """
    document = open_document(where, root)
    base = Routes(document).base_paths[0]
    validation, wording = Validation(document), Wording()
    handlers: list[dict[str, Json]] = []
    for path, method, item in _most_particular_first(list(paths(document))):
        each = operation(path, method, item)
        handlers += _handlers(each, base, validation, wording)
    title = document.root.get("info", "title").value
    name = title.strip() if isinstance(title, str) and title.strip() else "Provider"
    return NewProvider(name, [_url(document, base)], handlers, {}, document.name)


def _most_particular_first(found: list[_Described]) -> list[_Described]:
    """In the order of the document, but with each path before those that would take its requests."""
    ordered: list[_Described] = []
    for each in found:
        taken = (at for at, (earlier, *_) in enumerate(ordered) if earlier != each[0] and _takes(earlier, each[0]))
        ordered.insert(next(taken, len(ordered)), each)
    return ordered


def _takes(general: str, path: str) -> bool:
    """True if the pattern of one path takes all requests to another: `/orders/{id}` those to `/orders/open`."""
    segments, others = general.split("/"), path.split("/")
    return len(segments) == len(others) and all(
        one == other or _takes_segment(one, other) for one, other in zip(segments, others, strict=True)
    )


def _takes_segment(template: str, segment: str) -> bool:
    pattern = Pattern("(.+)".join(map(re.escape, _TEMPLATE.split(template)[::2])))
    try:
        return pattern.fullmatch(segment) is not None
    except SlowPatternError:
        return False


def _handlers(each: Operation, base: str, validation: Validation, wording: Wording) -> Iterator[dict[str, Json]]:
    """Success first, since it answers if no provider state is declared."""
    answers = sorted(each.answers.values(), key=lambda answer: (not answer.key.startswith("2"), answer.key))
    taken = {answer.key for answer in answers}
    pattern, parameters = _pattern(base + each.path)
    name, echo = wording.request(each, parameters), Echo(each, parameters, validation)
    told = [(status, answer) for answer in answers if (status := _status(answer.key, taken)) is not None]
    given = set[str]()
    for at, (status, answer) in enumerate(told):
        said = sentence(answer)
        states = wording.states(each, parameters, str(status) if at else None, "" if said in given else said)
        given.add(said)
        yield {
            "request": f"{each.method} {pattern}",
            "name": name if at == 0 else f"{name}, answered with {status}",
            **({"given": states[0] if len(states) == 1 else states} if states else {}),
            "response": _response(status, answer, Examples(validation), echo),
        }


def _response(status: int, answer: DocumentedResponse, examples: Examples, echo: Echo) -> Json:
    headers = {header.name.lower(): examples.value(header.schema) for header in answer.headers}
    written: dict[str, Json] = {
        name: plain(value if isinstance(value, str) else json.dumps(value))
        for name, value in headers.items()
        if isinstance(value, str | int | float) and name != "content-type"
    }
    types = list(answer.content.types) or ([JSON_MEDIA_TYPE] if answer.content.schema_of_all else [])
    kind = min(types, key=_preference, default=None)
    body: dict[str, Json] = {}
    if kind is not None and status not in BODILESS:
        chosen = JSON_MEDIA_TYPE if "*" in kind else media_type(kind).essence
        body = _body(kind, chosen, answer, examples, echo if status < 300 else None)
        if body and chosen not in {JSON_MEDIA_TYPE, "text/plain"}:
            written = {"content-type": chosen, **written}
    if not written and not body:
        return status
    return {"status": status} | ({"headers": written} if written else {}) | body


def _preference(kind: str) -> int:
    """JSON first, as the one for consumers that do not send Accept."""
    offered = media_type(kind)
    return 0 if offered.essence == JSON_MEDIA_TYPE else 1 if offered.is_json else 2


def _body(kind: str, chosen: str, answer: DocumentedResponse, examples: Examples, echo: Echo | None) -> dict[str, Json]:
    given = list(_given(kind, answer))
    schema = answer.content.schema(kind)
    if media_type(chosen).is_json:
        # Without a schema, any JSON would say more than the document does.
        value = None if schema is None else examples.value(schema, given)
        if value is None or schema is None:
            return {}
        return {"json": plain(value) if echo is None else echo.into(value, schema)}
    text = next((each for each in given if isinstance(each, str)), None)
    return {"text": plain(text or "text")} if text or chosen.startswith("text/") else {}


def _given(kind: str, answer: DocumentedResponse) -> Iterator[Json]:
    """The examples that a document gives for a body."""
    content = answer.content.types.get(kind, DocumentNode(answer.node.document, answer.place, None))
    yield from (each for each in (content.raw("example").value,) if each is not None)
    yield from (each.raw("value").value for _, each in content.get("examples").members() if each.value is not None)
    for name, each in answer.node.get("examples").members():
        if media_type(name).essence == media_type(kind).essence:
            yield each.value


def _status(key: str, taken: set[str]) -> int | None:
    """The status to stand for a documented response; None if others do already."""
    if key.isdecimal():
        return int(key)
    if key == "default":
        return 200 if taken == {"default"} else 500 if not taken & {"500", "5XX"} else None
    first = int(key[0]) * 100 if re.fullmatch("[1-5]XX", key) else None
    return None if first is None else next(each for each in range(first, first + 100) if str(each) not in taken)


def _pattern(path: str) -> tuple[str, list[PathParameter]]:
    """`/products/{product-id}:buy` -> `/products/:product_id\\:buy`, and its parameters."""
    segments, taken, parameters, before = list[str](), set[str](), list[PathParameter](), ""
    for segment in re.split(r"[?#](?![^{}]*\})", path)[0].split("/"):
        texts = [literal(text) if text else "" for text in _TEMPLATE.split(segment)[::2]]
        names = _TEMPLATE.findall(segment)
        # A parameter begins a segment and ends before a character that cannot be part of it; others become wildcards.
        is_named = names and not texts[0] and not _GOES_ON.match(texts[1])
        first = "" if not names else "*"
        if is_named:
            parameters.append(PathParameter(noun(before, names[0]), _free(names[0], taken), names[0]))
            first = f":{parameters[-1].name}"
        segments.append(texts[0] + first + "*".join(texts[1:]) if names else texts[0])
        before = "" if names else segment
    return "/".join(segments), parameters


def _free(written: str, taken: set[str]) -> str:
    """A name that patterns allow and that no other parameter of the path has: `product-id` -> `product_id`"""
    name = re.sub(r"\W", "_", written, flags=re.ASCII)
    name = name if re.match("[A-Za-z_]", name) else f"_{name}"
    free = name if name not in taken else next(each for n in count(2) if (each := f"{name}_{n}") not in taken)
    taken.add(free)
    return free


def _url(document: OpenApiDocument, base: str) -> str:
    """The provider's URL by the document; the paths of Swagger 2 and of PactFlow include their base path."""
    root = document.root
    if document.is_swagger:
        scheme, host = root.raw("schemes", 0).value or "https", root.raw("host").value
        return f"{scheme}://{host}" if isinstance(host, str) else _UNKNOWN
    url = str(root.get("servers", 0, "url").value or "/")
    for name, variable in root.get("servers", 0, "variables").members():
        url = url.replace(f"{{{name}}}", str(variable.raw("default").value))
    try:
        parts = urlsplit(urljoin(document.name if "://" in document.name else _UNKNOWN, url))
    except ValueError:
        return _UNKNOWN
    path = "" if base or "{" in parts.path else parts.path
    return f"{parts.scheme}://{parts.netloc}{path}".rstrip("/")
