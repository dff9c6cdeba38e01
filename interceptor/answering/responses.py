"""A handler's answers: static ones computed once, the others rendered for the request."""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

from interceptor.answering.rendering import (
    KNOWN_NAMES,
    Compiler,
    GeneratedMarks,
    Render,
    RenderFault,
    TemplateValues,
    rendered,
)
from interceptor.answering.template import TemplateFault
from interceptor.answering.templates import compile_file
from interceptor.handlers.response_part import DelayRange, ResponseEntry, ServerSentEvent
from interceptor.project.folder import Folder, file_type
from interceptor.project.yaml_nodes import Node
from interceptor.values.decisions import Chunk
from interceptor.values.json_text import Json
from interceptor.values.media_types import FORM_MEDIA_TYPE, JSON_MEDIA_TYPE, media_type
from interceptor.values.messages import BODILESS, Headers, Response

EVENT_STREAM_MEDIA_TYPE = "text/event-stream"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_BREAKS_HEADER = re.compile(r"[\r\n\0]")
_TEXT_TYPES = {"text": "text/plain", "html": "text/html", "xml": "text/xml"}


@dataclass(frozen=True, slots=True)
class RenderedBody:
    """The bytes of a body, its content type where it has one, and its JSON value where it was given as JSON."""

    data: bytes = b""
    content_type: str | None = None
    json: Json = None
    stream: tuple[Chunk, ...] = ()


BodyOf: TypeAlias = RenderedBody | Callable[[TemplateValues, GeneratedMarks], RenderedBody]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry answers to one request."""

    response: Response
    json: Json
    generated: tuple[str, ...] = ()
    stream: tuple[Chunk, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledEntry:
    """One entry of a handler's list of answers."""

    model: ResponseEntry
    node: Node
    status: int | Render
    headers: Sequence[tuple[str, str | Render]]
    body: BodyOf
    static: Answer | None = field(default=None)

    @property
    def declared_headers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in self.headers))

    def delay(self) -> float:
        """Milliseconds to wait before this answer, infinity for never."""
        return _drawn(self.model.delay)

    def answer(self, values: TemplateValues) -> Answer:
        """The answer to a request.

        Raises:
            RenderFault: where a template fails.
        """
        if self.static is not None:
            return self.static
        generated: GeneratedMarks = []
        body = self.body if isinstance(self.body, RenderedBody) else self.body(values, generated)
        headers = [
            (name, value if isinstance(value, str) else self._header(name, value(values, generated)))
            for name, value in self.headers
        ]
        status = self.status if isinstance(self.status, int) else self._status(self.status(values, generated))
        return _answer(status, headers, body, tuple(generated))

    def _status(self, value: Any) -> int:
        try:
            status = int(value)
        except (TypeError, ValueError):
            status = 0
        if not 100 <= status <= 599:
            raise RenderFault(self.node.at("status"), f"{value!r} is not a status")
        return status

    def _header(self, name: str, value: Any) -> str:
        text = str(value)
        if _BREAKS_HEADER.search(text):
            raise RenderFault(self.node.at("headers", name), f'the value of "{name}" holds a line break')
        return text


def _drawn(delay: DelayRange | Literal["infinite"] | None) -> float:
    match delay:
        case None:
            return 0.0
        case DelayRange(min=low, max=high):
            return low if low == high else random.uniform(low, high)  # noqa: S311  # a delay is no secret
        case _:
            return float("inf")


def compile_entry(entry: ResponseEntry, node: Node, folder: Folder, compiler: Compiler) -> CompiledEntry:
    """Compile one entry; what is wrong with it is added to the compiler's problems."""
    status: int | Render = 200
    if isinstance(entry.status, int):
        status = entry.status
    elif entry.status is not None:
        template = compiler.text(entry.status, node.at("status"), "response.status")
        if isinstance(template, str):
            compiler.problems.append(node.at("status").problem(f'"{template}" is not a status; write a number'))
        else:
            status = template
    headers = _compile_headers(entry.headers, node.at("headers"), compiler)
    body = _compile_body(entry, node, folder, compiler)
    if entry.body_kind and status in BODILESS:
        compiler.problems.append(node.at(entry.body_kind).problem(f"a response with status {status} has no body"))
    compiled = CompiledEntry(entry, node, status, headers, body)
    if (
        isinstance(status, int)
        and isinstance(body, RenderedBody)
        and all(isinstance(value, str) for _, value in headers)
    ):
        plain = [(name, str(value)) for name, value in headers]
        compiled = CompiledEntry(entry, node, status, headers, body, _answer(status, plain, body, ()))
    return compiled


def _answer(status: int, headers: Sequence[tuple[str, str]], body: RenderedBody, generated: tuple[str, ...]) -> Answer:
    complete: Headers = tuple(headers)
    if body.content_type and not any(name == "content-type" for name, _ in headers):
        complete = (("content-type", body.content_type), *complete)
    return Answer(Response(status, complete, body.data), body.json, generated, body.stream)


def _compile_headers(
    headers: Mapping[str, str | list[str]], node: Node, compiler: Compiler
) -> list[tuple[str, str | Render]]:
    compiled: list[tuple[str, str | Render]] = []
    for name, value in headers.items():
        where = node.at(name)
        if not _HEADER_NAME.match(name):
            compiler.problems.append(where.problem(f'"{name}" cannot be the name of a header'))
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if _BREAKS_HEADER.search(each):
                compiler.problems.append(where.problem(f'the value of "{name}" holds a line break'))
            place = f"response.headers.{name.lower()}"
            compiled.append((name.lower(), compiler.text(each, where.at(index), place)))
    return compiled


def _compile_body(entry: ResponseEntry, node: Node, folder: Folder, compiler: Compiler) -> BodyOf:
    kind = entry.body_kind
    if kind is None:
        return RenderedBody()
    where = node.at(kind)
    match kind:
        case "json":
            return _json_body(entry.json_, where, compiler)
        case "text" | "html" | "xml":
            return _text_body(getattr(entry, kind) or "", _TEXT_TYPES[kind], where, compiler)
        case "form":
            return _form_body(entry.form or {}, where, compiler)
        case "base64":
            return _base64_body(entry.base64 or "", where, compiler)
        case "sse":
            return _stream_body(entry.sse or [], where, compiler)
        case _:
            return _file_body(entry.file or "", where, folder, compiler)


def _json_body(value: Json, node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Json) -> RenderedBody:
        try:
            data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise RenderFault(node, f"the value cannot be written as JSON: {error}") from error
        return RenderedBody(data, JSON_MEDIA_TYPE, value)

    render = compiler.json(value, node, "response.$")
    return body(value) if render is None else lambda values, generated: body(render(values, generated))


def _text_body(text: str, content_type: str, node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Any) -> RenderedBody:
        content = str(value)
        charset = "" if content.isascii() else "; charset=utf-8"
        return RenderedBody(content.encode("utf-8", "replace"), content_type + charset)

    render = compiler.text(text, node, "response.body")
    return body(render) if isinstance(render, str) else lambda values, generated: body(render(values, generated))


def _form_body(fields: Mapping[str, Any], node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Mapping[str, Any]) -> RenderedBody:
        return RenderedBody(urlencode(value, doseq=True).encode(), FORM_MEDIA_TYPE)

    render = compiler.json(dict(fields), node, "response.form")
    return body(fields) if render is None else lambda values, generated: body(render(values, generated))


def _base64_body(text: str, node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Any) -> RenderedBody:
        try:
            data = base64.b64decode("".join(str(value).split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise RenderFault(node, f"not base64: {error}") from error
        return RenderedBody(data, "application/octet-stream")

    render = compiler.text(text, node, "response.body")
    if not isinstance(render, str):
        return lambda values, generated: body(render(values, generated))
    try:
        return body(render)
    except RenderFault as fault:
        compiler.problems.append(node.problem(str(fault).removeprefix(f"{node.place}: ")))
        return RenderedBody()


def _file_body(name: str, node: Node, folder: Folder, compiler: Compiler) -> BodyOf:
    def body(name: str, values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        content = folder.content(name)
        if not name.endswith(".j2"):
            return RenderedBody(content, file_type(name))
        template = compile_file(content.decode(), KNOWN_NAMES, name)
        generated.append("response.$" if media_type(file_type(name.removesuffix(".j2"))).is_json else "response.body")
        return RenderedBody(str(rendered(template, node, values)).encode(), file_type(name.removesuffix(".j2")))

    def rendered_name(values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        chosen = name if isinstance(render, str) else str(render(values, []))
        try:
            return body(chosen, values, generated)
        except (ValueError, TemplateFault) as error:
            raise RenderFault(node, str(error)) from error

    render = compiler.text(name, node, "response.file")
    if not isinstance(render, str):
        return rendered_name
    try:
        if not name.endswith(".j2"):
            return body(name, {}, [])
        compile_file(folder.content(name).decode(), KNOWN_NAMES, name)
    except (ValueError, TemplateFault) as error:
        compiler.problems.append(node.problem(str(error)))
    return rendered_name


def _stream_body(events: Sequence[ServerSentEvent], node: Node, compiler: Compiler) -> BodyOf:
    """Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    fields = [event.model_dump(include={"event", "data", "id", "retry"}, exclude_none=True) for event in events]
    renders = [compiler.json(each, node.at(index), "response.body") for index, each in enumerate(fields)]

    def body(values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        chunks = tuple(
            Chunk(_event_text(each if render is None else render(values, generated)).encode(), _drawn(event.delay))
            for event, each, render in zip(events, fields, renders, strict=True)
        )
        return RenderedBody(b"".join(chunk.data for chunk in chunks), EVENT_STREAM_MEDIA_TYPE, None, chunks)

    return body


def _event_text(fields: Mapping[str, Any]) -> str:
    lines = [f"{name}: {fields[name]}" for name in ("event", "id", "retry") if name in fields]
    if "data" in fields:
        data = fields["data"]
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        lines += [f"data: {line}" for line in text.splitlines() or [""]]
    return "".join(f"{line}\n" for line in [*lines, ""])
